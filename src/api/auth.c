// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/api_key.h"

// A token may stand in any slot of its set, so that a thousand users at once do not drive each other out.
enum { SETS = 1024, WAYS = 4, TOKEN_MAX = 1024 };
// A revoked session or disabled user is refused within this time.
static const int64_t FRESH_US = SECOND_US;

struct slot {
    char token[TOKEN_MAX];
    size_t size;
    int64_t checked_us, expires_us; // monotonic; wall clock
    char user_id[37], session_id[37], plan[16];
    int64_t number;
    bool is_superuser;
    int64_t key_scopes;
};

struct token_cache {
    uint64_t hashes[SETS][WAYS]; // of the slots' tokens, side by side: a set is one line of the processor's cache
    struct slot slots[SETS][WAYS];
};

struct token_cache *token_cache_new(void)
{
    return calloc(1, sizeof(struct token_cache));
}

void token_cache_free(struct token_cache *cache)
{
    free(cache);
}

static str bearer(const struct http_request *request)
{
    str header = http_header(request, "Authorization");
    if (header.size < 7 || !str_equal_fold(str_sub(header, 0, 7), STR("Bearer ")))
        return STR_NONE;
    return str_trim(str_sub(header, 7, header.size));
}

// The signature's last bytes are as good as a hash.
static uint64_t hash_of(str token)
{
    uint64_t hash = 0;
    for (size_t i = token.size < 12 ? 0 : token.size - 12; i < token.size; i++)
        hash = hash * 131 + (unsigned char)token.data[i];
    return hash;
}

// The token's slot where it was checked a moment ago; NULL: it is to be checked.
static const struct slot *fresh_slot(const struct token_cache *cache, uint64_t hash, str token)
{
    for (size_t i = 0; i < WAYS; i++) {
        const struct slot *slot = &cache->slots[hash % SETS][i];
        if (cache->hashes[hash % SETS][i] == hash && str_equal(token, (str) { slot->token, slot->size })
            && clock_mono_us() - slot->checked_us < FRESH_US && slot->expires_us > clock_now_us())
            return slot;
    }
    return NULL;
}

static void put_text(char *place, size_t room, str text)
{
    size_t size = text.size < room - 1 ? text.size : room - 1;
    if (size)
        memcpy(place, text.data, size);
    place[size] = 0;
}

// In the token's own slot, or in that which was checked longest ago.
static const struct slot *remember(
    struct token_cache *cache, uint64_t hash, str token, const struct actor *actor, int64_t expires_us)
{
    struct slot *set = cache->slots[hash % SETS], *slot = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (str_equal(token, (str) { set[i].token, set[i].size })) {
            slot = &set[i];
            break;
        }
        if (set[i].checked_us < slot->checked_us)
            slot = &set[i];
    }
    cache->hashes[hash % SETS][slot - set] = hash;
    memcpy(slot->token, token.data, token.size);
    slot->size = token.size;
    slot->checked_us = clock_mono_us();
    slot->expires_us = expires_us;
    put_text(slot->user_id, sizeof slot->user_id, actor->user_id);
    put_text(slot->session_id, sizeof slot->session_id, actor->session_id);
    put_text(slot->plan, sizeof slot->plan, actor->plan);
    slot->number = actor->number;
    slot->is_superuser = actor->is_superuser;
    slot->key_scopes = actor->key_scopes;
    return slot;
}

error auth_actor(
    struct worker *worker, struct scope *scope, str token, struct actor *ret_actor, int64_t *ret_expires_us)
{
    if (token.size == 0 || token.size > TOKEN_MAX)
        return error_of(ERROR_NOT_AUTHENTICATED);
    struct arena *arena = scope->arena;
    uint64_t hash = hash_of(token);
    const struct slot *slot = fresh_slot(worker->tokens, hash, token);
    if (!slot) {
        struct actor actor;
        int64_t expires_us;
        TRY(api_key_is(token) ? api_key_actor(scope, worker->app->db, token, &actor, &expires_us)
                              : session_actor(scope, &worker->app->keys, token, &actor, &expires_us));
        slot = remember(worker->tokens, hash, token, &actor, expires_us);
    }
    *ret_actor = (struct actor) { .user_id = str_copy(arena, str_of(slot->user_id)),
        .number = slot->number,
        .session_id = str_copy(arena, str_of(slot->session_id)),
        .is_superuser = slot->is_superuser,
        .plan = str_copy(arena, str_of(slot->plan)),
        .key_scopes = slot->key_scopes };
    *ret_expires_us = slot->expires_us;
    return OK;
}

// Passwords, sessions and keys are a person's: whoever finds a key must not be able to make it last.
static error check_scopes(const struct route *route, const struct actor *actor)
{
    bool reads = !strcmp(route->method, "GET");
    bool personal = !strcmp(route->tag, "Login") || !strcmp(route->tag, "API keys")
                    || (!strcmp(route->tag, "Users") && !reads);
    int64_t needed = (reads ? ACTOR_READ : ACTOR_WRITE) | (route->access == ACCESS_SUPERUSER ? ACTOR_ADMIN : 0);
    if (!actor->key_scopes || (!personal && (actor->key_scopes & needed) == needed))
        return OK;
    if (personal)
        return error_make(ERROR_FORBIDDEN, NULL, "An API key may not do this: sign in");
    return error_make(ERROR_FORBIDDEN, NULL, "This API key lacks the scope \"%s\"",
        needed & ~actor->key_scopes & ACTOR_ADMIN ? "admin"
        : reads                                   ? "read"
                                                  : "write");
}

error auth_check(struct api_call *call)
{
    enum access access = call->route->access;
    if (access == ACCESS_PUBLIC)
        return OK;
    str token = bearer(exchange_request(call->exchange));
    if (!token.data && access == ACCESS_OPTIONAL)
        return OK;
    int64_t expires_us;
    TRY(auth_actor(call->worker, &call->scope, token, &call->scope.actor, &expires_us));
    TRY(check_scopes(call->route, &call->scope.actor));
    if (access == ACCESS_SUPERUSER && !call->scope.actor.is_superuser)
        return error_of(ERROR_FORBIDDEN);
    return OK;
}
