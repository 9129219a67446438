// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/setting.h"

#include "base/clock.h"
#include "base/settings.h"
#include "domain/reseal.h"

struct row {
    str name, value, sealed;
};
static const struct field fields[] = {
    FIELD(struct row, name),
    FIELD(struct row, value),
    FIELD(struct row, sealed),
};
static const struct shape row_shape = SHAPE("SettingRow", struct row, fields);

// A row without a value stays: servers that have not looked since learn from it to forget.
DB_STATEMENT(put, "INSERT INTO setting (name, value, sealed, updated_at) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (name) DO UPDATE SET value = excluded.value, sealed = excluded.sealed,"
                  " updated_at = excluded.updated_at");

error setting_put(struct scope *scope, str name, str value, bool is_secret)
{
    struct db_value sealed = db_null(), open = db_text(value);
    if (is_secret && value.data) {
        str box = keyring_seal(scope->arena, blob_store_keyring(scope->blobs), RESEAL_SETTING, name, value);
        sealed = db_bytes(box.data, box.size);
        open = db_null();
    }
    return db_run(scope->db, &put, DB_ARGS(db_text(name), open, sealed, db_int(clock_now_us())), NULL);
}

DB_STATEMENT(all, "SELECT name, value, sealed FROM setting");

error setting_load(struct scope *scope)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, &all, DB_NO_ARGS, &row_shape, 0, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct row *row = &((struct row *)rows.items)[i];
        str value = row->value;
        if (row->sealed.data)
            TRY(keyring_open_sealed(
                scope->arena, blob_store_keyring(scope->blobs), RESEAL_SETTING, row->name, row->sealed, &value));
        error result = settings_change(row->name, value);
        if (error_is(result) && result.code != ERROR_NOT_FOUND && result.code != ERROR_USAGE)
            return result;
    }
    return OK;
}
