// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/login_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "work/local_file.h"

enum { LOGIN_BYTES_MAX = 65536 };

static error folder_of(struct arena *arena, str *ret_folder)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && config[0] == '/')
        *ret_folder = str_format(arena, "%s/kinora", config);
    else if (home && home[0] == '/')
        *ret_folder = str_format(arena, "%s/.config/kinora", home);
    else
        return error_make(ERROR_UNAVAILABLE, NULL, "There is no home folder to store a login in; set XDG_CONFIG_HOME");
    return OK;
}

// With all above it.
static error make_folder(struct arena *arena, str folder)
{
    for (size_t i = 1; i <= folder.size; i++)
        if ((i == folder.size || folder.data[i] == '/') && mkdir(str_to_c(arena, str_sub(folder, 0, i)), 0700) != 0
            && errno != EEXIST)
            return error_make(
                ERROR_UNAVAILABLE, NULL, "The folder %s cannot be made: %s", folder.data, strerror(errno));
    return OK;
}

error login_file_open(struct arena *arena, struct login_file *ret_file)
{
    str folder = STR_NONE;
    TRY(folder_of(arena, &folder));
    TRY(make_folder(arena, folder));
    int lock = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        int problem = errno;
        if (lock >= 0)
            close(lock);
        return error_make(ERROR_UNAVAILABLE, NULL, "The folder %s cannot be used: %s", folder.data, strerror(problem));
    }
    *ret_file = (struct login_file) { .path = str_format(arena, "%.*s/login.json", STR_ARGS(folder)).data,
        .lock = lock };
    return OK;
}

void login_file_close(struct login_file *file)
{
    if (file->lock >= 0)
        close(file->lock);
    file->lock = -1;
}

error login_file_read(struct arena *arena, struct login_file *file)
{
    LOCAL_FILE_AUTO struct local_file *local = NULL;
    str text = STR_NONE;
    json_t *json = NULL;
    error result = local_file_open(file->path, &local);
    if (!error_is(result))
        result = local_file_read_all(arena, local, LOGIN_BYTES_MAX, &text);
    if (!error_is(result))
        result = json_read(arena, text, &json);
    if (!error_is(result)) {
        file->url = json_get_str(json, "url");
        file->access_token = json_get_str(json, "access_token");
        file->refresh_token = json_get_str(json, "refresh_token");
        file->expires_us = json_get_int(json, "expires_us", 0);
    }
    if (error_is(result) || !file->url.size || !file->access_token.size || !file->refresh_token.size)
        return error_make(ERROR_NOT_AUTHENTICATED, NULL, "There is no stored login; try: kinora api login URL NAME");
    return OK;
}

error login_file_write(const struct login_file *file)
{
    BUFFER_AUTO struct buffer text = { 0 };
    LOCAL_FILE_AUTO struct local_file *local = NULL;
    struct json_out out = { .buffer = &text };
    json_object_begin(&out);
    json_key(&out, "url");
    json_put_str(&out, file->url);
    json_key(&out, "access_token");
    json_put_str(&out, file->access_token);
    json_key(&out, "refresh_token");
    json_put_str(&out, file->refresh_token);
    json_key(&out, "expires_us");
    json_put_int(&out, file->expires_us);
    json_object_end(&out);
    buffer_append_byte(&text, '\n');
    mode_t before = umask(0077);
    error result = local_file_new_for(file->path, &local);
    umask(before);
    TRY(result);
    TRY(local_file_write(local, text.data, text.size));
    return local_file_keep(TAKE(local), file->path);
}
