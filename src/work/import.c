// SPDX-License-Identifier: GPL-3.0-or-later
// The job "import" {key, video_id}: a project's file, which waits in the cache under `key`, becomes a video, and what
// comes with it files and avatars of its owner. Nothing is there before all of it is; what the owner has already is
// used and not stored again.
#include <string.h>

#include "base/id.h"
#include "domain/avatar.h"
#include "domain/avatar_look.h"
#include "domain/cache.h"
#include "domain/media.h"
#include "domain/package.h"
#include "domain/project.h"
#include "domain/video.h"
#include "work/job_kind.h"

struct taken {
    str reference, id, name; // as the document calls it; what it is called here
    bool is_avatar;
    const json_t *packed; // of an avatar, what "assets" says
    struct blob_info blob;
    const json_t *probe; // NULL: the owner had that content already
};

struct importing {
    struct run *run;
    struct package *package; // NULL: the document alone
    json_t *document;
    struct warnings warnings;
    struct taken *items;
    size_t count, referred; // of referred references
};

static struct taken *add(struct importing *importing, str reference)
{
    struct arena *arena = importing->run->scope.arena;
    importing->items = arena_grow(arena, importing->items, importing->count * sizeof *importing->items,
        (importing->count + 1) * sizeof *importing->items);
    struct taken *item = &importing->items[importing->count++];
    *item = (struct taken) { .reference = str_copy(arena, reference) };
    return item;
}

static const struct taken *find(const struct importing *importing, str reference)
{
    for (size_t i = 0; i < importing->count; i++)
        if (str_equal(importing->items[i].reference, reference))
            return &importing->items[i];
    return NULL;
}

static error write_bytes(void *writer, const void *bytes, size_t size)
{
    return blob_write(writer, bytes, size);
}

static error extract(struct importing *importing, str reference, struct blob_info *ret_blob)
{
    struct run *run = importing->run;
    struct blob_writer *writer;
    TRY(run_check(run));
    TRY(blob_writer_open(run->scope.blobs, NULL, &writer));
    error result = package_extract(importing->package, reference, write_bytes, writer);
    if (error_is(result)) {
        blob_writer_abort(writer);
        return result;
    }
    return blob_writer_commit(writer, ret_blob);
}

static error probe(struct run *run, const struct blob_info *blob, json_t **ret_probe)
{
    struct blob_reader *reader;
    TRY(blob_reader_open(run->scope.blobs, blob->id, blob->sealed_key, &reader));
    struct child_input input = child_input_of_blob(reader);
    struct child_call call = {
        .op = "probe", .params = json_keep(run->scope.arena, json_object()), .inputs = &input, .input_count = 1
    };
    error result = run_ask(run, ZYGOTE_PLAIN, &call, ret_probe);
    blob_reader_close(reader);
    return result;
}

// The last part of an entry's name, where nothing else says what the file is called.
static str file_name(struct importing *importing, str reference)
{
    const json_t *packed = package_asset(importing->package, reference);
    str name = json_get_str(packed, "name"), rest, part;
    if (name.size)
        return name;
    rest = json_get_str(packed, "file");
    for (rest = rest.size ? rest : reference; str_split(&rest, '/', &part);)
        name = part.size ? part : name;
    return name.size ? name : STR("file");
}

static error take_file(struct importing *importing, str reference)
{
    struct run *run = importing->run;
    struct taken taken = { .reference = str_copy(run->scope.arena, reference) };
    bool had;
    error missing = extract(importing, reference, &taken.blob);
    if (missing.code == ERROR_NOT_FOUND)
        return OK; // as in a document without files: it may name one of the library
    TRY(missing);
    taken.name = str_copy(run->scope.arena, file_name(importing, reference));
    taken.id = id_new(run->scope.arena);
    error refused = media_of_content(&run->scope, &taken.blob, &taken.id, &had);
    json_t *facts = NULL;
    if (!error_is(refused) && !had)
        refused = probe(run, &taken.blob, &facts);
    taken.probe = facts;
    if (had || error_is(refused)) {
        TRY(blob_remove(run->scope.blobs, taken.blob.id));
        if (refused.code == ERROR_NOT_MEDIA || refused.code == ERROR_UNSUPPORTED_MEDIA) {
            warning_add(run->scope.arena, &importing->warnings, STR("assets"), "\"%.*s\" is no media file and left out",
                STR_ARGS(taken.name));
            return OK;
        }
        TRY(refused);
    }
    *add(importing, reference) = taken;
    return OK;
}

static error take_avatar(struct importing *importing, str reference)
{
    const json_t *packed = package_asset(importing->package, reference);
    str picture = json_get_str(packed, "media");
    if (!packed)
        return OK;
    struct problems problems = { 0 };
    if (picture.size && !find(importing, picture))
        TRY(take_file(importing, picture));
    if (!picture.size || !find(importing, picture))
        avatar_look_check(importing->run->scope.arena, json_object_get(packed, "look"), &problems);
    if (problems.count) {
        warning_add(importing->run->scope.arena, &importing->warnings, STR("assets"),
            "The avatar \"%.*s\" cannot be drawn and is left out", STR_ARGS(json_get_str(packed, "name")));
        return OK;
    }
    struct taken *item = add(importing, reference);
    item->is_avatar = true;
    item->packed = packed;
    return OK;
}

static error take(void *context, enum project_asset kind, json_t *object, const char *key)
{
    struct importing *importing = context;
    str reference = json_get_str(object, key);
    double seen = (double)importing->referred++;
    run_progress(importing->run, seen / (seen + 8)); // how many there will be is not known
    if (find(importing, reference))
        return OK;
    return kind == PROJECT_AVATAR ? take_avatar(importing, reference) : take_file(importing, reference);
}

// In the change

static str gender_of(const json_t *packed)
{
    str gender = json_get_str(packed, "gender");
    return str_equal_c(gender, "male") || str_equal_c(gender, "female") ? gender : STR("neutral");
}

static error add_avatar(struct scope *scope, struct importing *importing, struct taken *item)
{
    const struct taken *picture = find(importing, json_get_str(item->packed, "media"));
    json_t *look = json_object_get(item->packed, "look");
    str name = json_get_str(item->packed, "name");
    struct avatar wanted = { .name = name.size ? str_cut_utf8(name, 100) : STR("Avatar"),
        .gender = gender_of(item->packed),
        .style = str_cut_utf8(json_get_str(item->packed, "style"), 50),
        .source = picture ? STR("custom") : STR("generated"),
        .media_id = picture ? picture->id : STR_NONE };
    struct avatar made;
    TRY(avatar_add(scope, &wanted, picture ? NULL : look, &made));
    item->id = str_copy(scope->arena, made.id);
    return OK;
}

static error call_by_id(void *context, enum project_asset kind, json_t *object, const char *key)
{
    const struct taken *item = find(context, json_get_str(object, key));
    (void)kind;
    // A URL becomes the id that it stands for.
    const char *name = !strcmp(key, "media_url") ? "media_id" : !strcmp(key, "audio_url") ? "audio_id" : key;
    if (!item)
        return OK;
    json_object_set_new(object, name, json_str(item->id));
    if (name != key)
        json_object_del(object, key);
    return OK;
}

static error record(struct scope *scope, const struct run *run, void *context)
{
    struct importing *importing = context;
    struct problems problems = { 0 };
    struct video video;
    struct media media;
    for (size_t i = 0; i < importing->count; i++)
        if (importing->items[i].probe)
            TRY(media_add(scope, importing->items[i].id, importing->items[i].name, &importing->items[i].blob,
                importing->items[i].probe, false, &media));
    for (size_t i = 0; i < importing->count; i++)
        if (importing->items[i].is_avatar)
            TRY(add_avatar(scope, importing, &importing->items[i]));
    json_t *document = json_keep(scope->arena, json_deep_copy(importing->document));
    TRY(project_each_asset(document, call_by_id, importing));
    struct warnings warnings = { 0 }; // of what the render will say again
    TRY(video_import_as(scope, json_get_str(run->params, "video_id"), document, &problems, &warnings, &video));
    return cache_drop(scope, json_get_str(run->params, "key"));
}

static error read_all(struct run *run, const struct child_input *input, str *ret_text)
{
    if (input->size > PACKAGE_DOCUMENT_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "file", "The document is too large");
    char *text = arena_alloc_raw(run->scope.arena, (size_t)input->size + 1);
    size_t filled = 0, got = 1;
    while (got && filled < input->size) {
        TRY(input->read(input->context, filled, text + filled, (size_t)input->size - filled, &got));
        filled += got;
    }
    *ret_text = (str) { text, filled };
    return OK;
}

static error load(struct importing *importing)
{
    struct run *run = importing->run;
    struct arena *arena = run->scope.arena;
    struct cache_entry entry;
    struct child_input input;
    bool found;
    char head[4];
    size_t got;
    str text;
    TRY(cache_get(&run->scope, json_get_str(run->params, "key"), &entry, &found));
    if (!found)
        return error_make(ERROR_VALIDATION_ERROR, "file", "The file waited too long and is gone; send it again");
    TRY(run_input(run, entry.blob_id, &input));
    TRY(input.read(input.context, 0, head, sizeof head, &got));
    if (!package_is((str) { head, got })) {
        TRY(read_all(run, &input, &text));
        return project_read(arena, text, &importing->warnings, &importing->document);
    }
    struct package_source source = { input.context, input.size, input.read };
    TRY(package_open(arena, &source, &importing->package));
    TRY(package_document(importing->package, &importing->document));
    if (!json_is_array(json_object_get(importing->document, "scenes")))
        return error_make(ERROR_VALIDATION_ERROR, "scenes", "The document of the zip file is no project");
    return project_each_asset(importing->document, take, importing);
}

static error start(struct run *run)
{
    struct importing importing = { .run = run };
    error result = load(&importing);
    json_t *told = json_keep(run->scope.arena, json_object());
    json_object_set(told, "video_id", json_object_get(run->params, "video_id"));
    json_object_set_new(told, "warnings", warnings_json(&importing.warnings));
    if (!error_is(result))
        result = run_complete(run, told, record, &importing);
    for (size_t i = 0; error_is(result) && i < importing.count; i++)
        if (importing.items[i].probe)
            TRY(blob_remove(run->scope.blobs, importing.items[i].blob.id));
    return result;
}

const struct job_kind import_kind = { "import", start, NULL, NULL };
