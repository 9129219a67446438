// SPDX-License-Identifier: GPL-3.0-or-later
// The library of voices and voiceovers as document 001 has them, and how a user's words are pronounced.
#include "api/content_url.h"
#include "base/language.h"
#include "domain/library.h"
#include "domain/pronunciation.h"
#include "domain/voice_file.h"

// Catalogue -------------------------------------------------------------------------------------------

static const char *const genders[] = { "male", "female", "child", NULL };
static const char *const categories[] = { "standard", "ultra", "studio", NULL };

struct query {
    str language, gender, category, search;
};
static const struct field query_fields[] = {
    FIELD(struct query, language, .max = 40, .doc = "A code such as en-US, or en for every English; left out: all"),
    FIELD(struct query, gender, .allowed = genders, .doc = "Left out: all"),
    FIELD(struct query, category, .allowed = categories, .doc = "Left out: all"),
    FIELD(struct query, search, .max = 200, .doc = "In name, style, language and dialect, whatever its case"),
};
static const struct shape query_shape = SHAPE("VoiceQuery", struct query, query_fields);

struct voice_answer {
    str id, name, language, language_code, dialect, gender, style, category, sample_url;
    bool is_premium;
};
static const struct field voice_fields[] = {
    FIELD(struct voice_answer, id, .doc = "The voice_id of layers"),
    FIELD(struct voice_answer, name),
    FIELD(struct voice_answer, language),
    FIELD(struct voice_answer, language_code, .doc = "mul: any language"),
    FIELD(struct voice_answer, dialect),
    FIELD(struct voice_answer, gender, .doc = "male, female or child"),
    FIELD(struct voice_answer, style),
    FIELD(struct voice_answer, category, .doc = "standard, ultra or studio"),
    FIELD(struct voice_answer, sample_url, .doc = "Says a sentence, works in <audio> for 12 hours"),
    FIELD(struct voice_answer, is_premium, .doc = "Needs the plan pro or business"),
};
static const struct shape voice_shape = SHAPE("Voice", struct voice_answer, voice_fields);

struct voice_list {
    struct list voices;
};
static const struct field list_fields[] = { FIELD(struct voice_list, voices, .shape = &voice_shape) };
static const struct shape list_shape = SHAPE("VoiceList", struct voice_list, list_fields);

// "en" is every English; "de-DE" is German too where a voice has no region.
static bool speaks(str code, str wanted)
{
    if (str_equal_fold(code, wanted) || str_equal_c(code, "mul"))
        return true;
    str shorter = code.size < wanted.size ? code : wanted, longer = code.size < wanted.size ? wanted : code;
    return shorter.size < longer.size && longer.data[shorter.size] == '-'
           && str_equal_fold(shorter, str_sub(longer, 0, shorter.size));
}

static bool says(struct arena *arena, str text, str search)
{
    return text.size && str_find(library_fold(arena, text), search) >= 0;
}

static bool matches(struct arena *arena, const struct voice *voice, const struct query *query, str search)
{
    if ((query->language.size && !speaks(voice->language_code, query->language))
        || (query->gender.size && !str_equal(voice->gender, query->gender))
        || (query->category.size && !str_equal(voice->category, query->category)))
        return false;
    return !search.size || says(arena, voice->name, search) || says(arena, voice->style, search)
           || says(arena, voice->language, search) || says(arena, voice->dialect, search);
}

// A code whose language nobody knows is a mistake; one that no voice speaks has an empty list.
static error check_language(struct arena *arena, str code)
{
    static const char *const others[] = { "mul", "cmn", "yue", "hak", "haw", "chr", "kok", "nci", "bpy", "shn", "grc",
        "hyw", "jbo", "lfn", "ltg", "nog", "pap", "piqd", "qdb", "quc", "qya", "sjn", "smj", NULL };
    str rest = str_lower(arena, code), language = STR_NONE;
    (void)str_split(&rest, '-', &language);
    bool known = !code.size || language_is_known(language);
    for (size_t i = 0; others[i] && !known; i++)
        known = str_equal_c(language, others[i]);
    return known ? OK
                 : error_make(ERROR_VALIDATION_ERROR, "language",
                     "'%.*s' is not the code of a language; write it like en-US or de", STR_ARGS(code));
}

// The engines are asked once, on a handler thread.
static error list_voices(struct api_call *call)
{
    const struct query *query = call->query;
    struct voice_list *out = call->output;
    struct arena *arena = call->scope.arena;
    struct list all;
    TRY(check_language(arena, query->language));
    TRY(call->app->voice_list(call->app->voice_context, &call->scope, &all));
    struct voice_answer *answers = ARENA_ARRAY(arena, struct voice_answer, all.count);
    str search = query->search.size ? library_fold(arena, query->search) : STR("");
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct voice *voice = &((struct voice *)all.items)[i];
        if (!matches(arena, voice, query, search))
            continue;
        answers[count++] = (struct voice_answer) { voice->id, voice->name, voice->language, voice->language_code,
            voice->dialect, voice->gender, voice->style, voice->category,
            content_url(call, CONTENT_SAMPLE, voice->id, STR("sample.mp3")), voice->is_premium };
    }
    out->voices = (struct list) { answers, count };
    return OK;
}

// Voiceovers ------------------------------------------------------------------------------------------

struct generate_in {
    str voice_id, text;
    struct opt_number speed, pitch, volume;
};
static const struct field generate_fields[] = {
    FIELD(struct generate_in, voice_id, .required = true, .min = 1, .max = 200, .doc = "Voice of the library"),
    FIELD(struct generate_in, text, .required = true, .min = 1, .max = VOICE_JOB_MAX,
        .doc = "Text; \"[pause 0.5s]\" makes a pause, \"*word*\" is said louder"),
    FIELD(struct generate_in, speed, .min = 0.5, .max = 2, .doc = "[1]"),
    FIELD(struct generate_in, pitch, .min = 0.5, .max = 2, .doc = "[1]"),
    FIELD(struct generate_in, volume, .min = 0, .max = 2, .doc = "[1]"),
};
static const struct shape generate_shape = SHAPE("VoiceGenerate", struct generate_in, generate_fields);

struct generated {
    str audio_url;
    struct opt_number duration;
    str job_id;
    struct raw_json words;
};
static const struct field generated_fields[] = {
    FIELD(struct generated, audio_url, .doc = "Works in <audio> for 12 hours; null until a long text is spoken"),
    FIELD(struct generated, duration, .doc = "Seconds; null until a long text is spoken"),
    FIELD(struct generated, job_id, .format = FORMAT_UUID, .doc = "GET /api/v1/jobs/{id} tells how it goes"),
    FIELD(struct generated, words, .json_type = "array",
        .doc = "Each with text, start and end in seconds, and offset in bytes of the text; null as above"),
};
static const struct shape generated_shape = SHAPE("VoiceGenerated", struct generated, generated_fields);

struct spoken {
    struct voice_wish wish;
    bool is_long;
    struct blob_info blob;
    json_t *result; // {duration, words}
};

static error store(struct api_call *call, str bytes, struct blob_info *ret_blob)
{
    struct blob_writer *writer;
    TRY(blob_writer_open(call->app->blobs, NULL, &writer));
    error failed = blob_write(writer, bytes.data, bytes.size);
    if (error_is(failed)) {
        blob_writer_abort(writer);
        return failed;
    }
    return blob_writer_commit(writer, ret_blob);
}

static void discard(struct api_call *call)
{
    const struct spoken *spoken = call->prepared;
    if (!spoken->is_long && error_is(blob_remove(call->app->blobs, spoken->blob.id)))
        log_event(LOG_WARN, &call->scope.trace, "request", "A voiceover that is not needed could not be removed");
}

// What went wrong inside is one thing to the caller.
static error of_this_route(error failure)
{
    switch (failure.code) {
    case ERROR_ENGINE_CRASHED:
    case ERROR_TIMED_OUT:
        return error_make(ERROR_ENGINE_FAILED, "voice_id", "The voice did not answer in time. Please try again later");
    case ERROR_ENGINE_REFUSED:
        return error_make(ERROR_ENGINE_FAILED, "voice_id", "%s", failure.message);
    default:
        return failure;
    }
}

static error speak_now(struct api_call *call, struct spoken *spoken)
{
    BUFFER_AUTO struct buffer file = { 0 };
    json_t *result;
    TRY(of_this_route(call->app->voice_speak(call->app->voice_context, &call->scope, &spoken->wish, &file, &result)));
    spoken->result = json_keep(
        call->scope.arena, json_pack("{s:O, s:O}", "duration", json_object_get(result, "duration"), "words",
                               json_object_get(result, "words")));
    return store(call, buffer_str(&file), &spoken->blob);
}

static error prepare(struct api_call *call)
{
    const struct generate_in *in = call->body;
    struct spoken *spoken = ARENA_NEW(call->scope.arena, struct spoken);
    spoken->wish = (struct voice_wish) { .voice_id = in->voice_id,
        .text = in->text,
        .speed = in->speed.set ? in->speed.value : 1,
        .pitch = in->pitch.set ? in->pitch.value : 1,
        .volume = in->volume.set ? in->volume.value : 1 };
    spoken->is_long = str_length_utf8(in->text) > VOICE_AT_ONCE_MAX;
    TRY(voice_check_text(in->text, VOICE_JOB_MAX));
    TRY(call->app->voice_check(call->app->voice_context, &call->scope, in->voice_id, in->text));
    TRY(voice_may_use(&call->scope.actor, in->voice_id));
    if (!spoken->is_long)
        TRY(speak_now(call, spoken));
    call->prepared = spoken;
    call->undo = discard;
    return OK;
}

static error generate(struct api_call *call)
{
    const struct spoken *spoken = call->prepared;
    const struct voice_wish *wish = &spoken->wish;
    struct generated *out = call->output;
    struct arena *arena = call->scope.arena;
    struct job job;
    json_t *params = json_keep(
        arena, json_pack("{s:o, s:o, s:f, s:f, s:f}", "voice", json_str(wish->voice_id), "text", json_str(wish->text),
                   "speed", wish->speed, "pitch", wish->pitch, "volume", wish->volume));
    struct job_new wanted = { .kind = "voice", .params = params };
    wanted.result = spoken->result;
    if (spoken->is_long) {
        TRY(job_add(&call->scope, &wanted, &job));
        *out = (struct generated) { .job_id = job.id };
        call->status = 202;
        return OK;
    }
    TRY(job_add_done(&call->scope, &wanted, &job));
    TRY(voice_file_put(&call->scope, job.id, &spoken->blob));
    *out = (struct generated) { .audio_url = content_url(call, CONTENT_VOICE, job.id, STR("voiceover.mp3")),
        .duration = { true, json_get_number(spoken->result, "duration", 0) },
        .job_id = job.id,
        .words = { json_text(arena, json_object_get(spoken->result, "words")) } };
    return OK;
}

// Pronunciations --------------------------------------------------------------------------------------

struct pronunciation_in {
    str word, spoken;
};
static const struct field pronunciation_fields[] = {
    FIELD(struct pronunciation_in, word, .required = true, .min = 1, .max = 100, .doc = "One word, as texts write it"),
    FIELD(struct pronunciation_in, spoken, .required = true, .min = 1, .max = 200, .doc = "As voices are to say it"),
};
static const struct shape pronunciation_in_shape = SHAPE(
    "PronunciationNew", struct pronunciation_in, pronunciation_fields);

struct pronunciation_one {
    struct pronunciation *pronunciation;
};
static const struct field one_fields[] = {
    FIELD(struct pronunciation_one, pronunciation, .required = true, .shape = &pronunciation_shape),
};
static const struct shape one_shape = SHAPE("PronunciationData", struct pronunciation_one, one_fields);

struct pronunciation_many {
    struct list pronunciations;
};
static const struct field many_fields[] = {
    FIELD(struct pronunciation_many, pronunciations, .shape = &pronunciation_shape),
};
static const struct shape many_shape = SHAPE("PronunciationList", struct pronunciation_many, many_fields);

struct path {
    str pronunciationId;
};
static const struct field path_fields[] = {
    FIELD(struct path, pronunciationId, .required = true, .format = FORMAT_UUID, .doc = "Pronunciation"),
};
static const struct shape path_shape = SHAPE("PronunciationPath", struct path, path_fields);

static error list_pronunciations(struct api_call *call)
{
    return pronunciation_list(&call->scope, &((struct pronunciation_many *)call->output)->pronunciations);
}

static error put_pronunciation(struct api_call *call)
{
    const struct pronunciation_in *in = call->body;
    struct pronunciation_one *out = call->output;
    TRY(voice_check_text(in->spoken, 200));
    out->pronunciation = ARENA_NEW(call->scope.arena, struct pronunciation);
    return pronunciation_put(&call->scope, in->word, in->spoken, out->pronunciation);
}

static error delete_pronunciation(struct api_call *call)
{
    return pronunciation_delete(&call->scope, ((struct path *)call->path)->pronunciationId);
}

static const struct route routes[] = {
    { "GET", "/api/v1/voices", "Voices", "List voices", FACE_ENVELOPE, ACCESS_USER, LANE_READ, .query_in = &query_shape,
        .output = &list_shape, .errors = ERRORS(ERROR_UNAVAILABLE), .handle = list_voices },
    { "POST", "/api/v1/voices/generate", "Voices", "Speak a text", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .body_in = &generate_shape, .output = &generated_shape, .status = 200, .job_status = 202,
        .errors = ERRORS(ERROR_VOICE_NOT_FOUND, ERROR_PLAN_REQUIRED, ERROR_ENGINE_FAILED, ERROR_ENGINE_MISSING,
            ERROR_LIMIT_EXCEEDED, ERROR_UNAVAILABLE),
        .slow = SLOW_VOICES, .prepare = prepare, .handle = generate },
    { "GET", "/api/v1/voices/pronunciations", "Voices", "List how your words are pronounced", FACE_ENVELOPE,
        ACCESS_USER, LANE_READ, .output = &many_shape, .handle = list_pronunciations },
    { "PUT", "/api/v1/voices/pronunciations", "Voices", "Say how a word is pronounced", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .body_in = &pronunciation_in_shape, .output = &one_shape,
        .message = "Pronunciation saved", .handle = put_pronunciation },
    { "DELETE", "/api/v1/voices/pronunciations/{pronunciationId}", "Voices", "Forget how a word is pronounced",
        FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .message = "Pronunciation deleted successfully",
        .errors = ERRORS(ERROR_PRONUNCIATION_NOT_FOUND), .handle = delete_pronunciation },
};
const struct route_group route_group_voices = ROUTE_GROUP(routes);
