// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/openai_models.h"

#include <ctype.h>
#include <string.h>

// OpenAI's own names: whatever serves best here.
static const char best_asr[] = "whisper-1";
static const char *const speech_models[] = { "tts-1", "tts-1-hd", "gpt-4o-mini-tts" };
enum { SPEECH_COUNT = sizeof speech_models / sizeof *speech_models };

static error unknown(str model)
{
    return error_make(ERROR_MODEL_NOT_FOUND, "model", "The model \"%.*s\" does not exist", STR_ARGS(model));
}

error openai_asr_model(const struct app *app, str model, str *ret_engine)
{
    *ret_engine = STR_NONE;
    if (str_equal_c(model, best_asr))
        return OK;
    for (const char *const *name = app->asr_engines; *name; name++)
        if (str_equal_c(model, *name)) {
            *ret_engine = str_of(*name);
            return OK;
        }
    return unknown(model);
}

error openai_speech_model(str model)
{
    for (size_t i = 0; i < SPEECH_COUNT; i++)
        if (str_equal_c(model, speech_models[i]))
            return OK;
    return unknown(model);
}

struct model {
    str id, object;
    int64_t created;
    str owned_by;
};
static const struct field model_fields[] = {
    FIELD(struct model, id),
    FIELD(struct model, object),
    FIELD(struct model, created, .doc = "Always 0: models come with the program"),
    FIELD(struct model, owned_by),
};
static const struct shape model_shape = SHAPE("OpenAIModel", struct model, model_fields);

struct models {
    str object;
    struct list data;
};
static const struct field models_fields[] = {
    FIELD(struct models, object),
    FIELD(struct models, data, .shape = &model_shape),
};
static const struct shape models_shape = SHAPE("OpenAIModels", struct models, models_fields);

struct path {
    str model;
};
static const struct field path_fields[] = { FIELD(struct path, model, .required = true, .max = 100, .doc = "Model") };
static const struct shape path_shape = SHAPE("OpenAIModelPath", struct path, path_fields);

static struct list all_models(struct api_call *call)
{
    const char *const *engines = call->app->asr_ready;
    size_t count = 0, at = 0;
    while (engines[count])
        count++;
    struct model *models = ARENA_ARRAY(call->scope.arena, struct model, count + SPEECH_COUNT + 1);
    for (size_t i = 0; i < count + SPEECH_COUNT + 1; i++) {
        const char *id = i == 0 ? best_asr : i <= SPEECH_COUNT ? speech_models[i - 1] : engines[i - SPEECH_COUNT - 1];
        if (i == 0 && !count) // nobody who could listen
            continue;
        models[at++] = (struct model) { str_of(id), STR("model"), 0, STR("kinora") };
    }
    return (struct list) { models, at };
}

static error list(struct api_call *call)
{
    *(struct models *)call->output = (struct models) { STR("list"), all_models(call) };
    return OK;
}

static error get(struct api_call *call)
{
    str wanted = ((const struct path *)call->path)->model;
    struct list models = all_models(call);
    for (size_t i = 0; i < wanted.size; i++)
        if (!isalnum((unsigned char)wanted.data[i]) && !strchr("-_.:/", wanted.data[i]))
            return error_make(ERROR_INVALID_ID, "model", "A model is named by letters, digits and -_.:/");
    for (size_t i = 0; i < models.count; i++) {
        const struct model *model = &((const struct model *)models.items)[i];
        if (str_equal(model->id, wanted)) {
            *(struct model *)call->output = *model;
            return OK;
        }
    }
    return unknown(wanted);
}

static const struct route routes[] = {
    { "GET", "/v1/models", "OpenAI", "List the models: speech engines and voices", FACE_OPENAI, ACCESS_USER, LANE_READ,
        .output = &models_shape, .handle = list },
    { "GET", "/v1/models/{model}", "OpenAI", "Show a model", FACE_OPENAI, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &model_shape, .errors = ERRORS(ERROR_MODEL_NOT_FOUND, ERROR_INVALID_ID),
        .handle = get },
};
const struct route_group route_group_openai_models = ROUTE_GROUP(routes);
