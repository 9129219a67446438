// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/router.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    const struct route *route;
};

struct node {
    struct node *next;     // sibling
    struct node *fixed;    // children with a fixed segment
    struct node *any;      // child for a {parameter}
    struct entry *entries; // routes that end here
    str segment;
};

struct router {
    struct node root;
};

static bool next_segment(str *path, str *ret_segment)
{
    while (path->size && path->data[0] == '/')
        *path = str_sub(*path, 1, path->size);
    if (path->size == 0)
        return false;
    ptrdiff_t end = str_index(*path, '/');
    *ret_segment = end < 0 ? *path : str_sub(*path, 0, (size_t)end);
    *path = str_sub(*path, ret_segment->size, path->size);
    return true;
}

static struct node *node_new(str segment)
{
    struct node *node = calloc(1, sizeof *node);
    ASSERT_MEMORY(node);
    node->segment = segment;
    return node;
}

static struct node *fixed_child(const struct node *node, str segment)
{
    for (struct node *child = node->fixed; child; child = child->next)
        if (str_equal(child->segment, segment))
            return child;
    return NULL;
}

static struct node *need_child(struct node *node, str segment)
{
    if (segment.data[0] == '{') {
        if (!node->any)
            node->any = node_new(segment);
        return node->any;
    }
    struct node *child = fixed_child(node, segment);
    if (!child) {
        child = node_new(segment);
        child->next = node->fixed;
        node->fixed = child;
    }
    return child;
}

static const struct route *of_method(const struct node *node, str method)
{
    for (const struct entry *entry = node->entries; entry; entry = entry->next)
        if (str_equal_c(method, entry->route->method))
            return entry->route;
    return NULL;
}

static error add(struct router *router, const struct route *route)
{
    struct node *node = &router->root;
    str path = str_of(route->path), segment;
    while (next_segment(&path, &segment))
        node = need_child(node, segment);
    const struct route *other = of_method(node, str_of(route->method));
    if (other)
        return error_make(ERROR_CONFLICT, route->path, "The routes %s %s and %s answer to the same requests",
            route->method, route->path, other->path);
    struct entry *entry = calloc(1, sizeof *entry);
    ASSERT_MEMORY(entry);
    *entry = (struct entry) { node->entries, route };
    node->entries = entry;
    return OK;
}

error router_new(const struct route_group *const *groups, struct router **ret_router)
{
    struct router *router = calloc(1, sizeof *router);
    ASSERT_MEMORY(router);
    for (; *groups; groups++)
        for (size_t i = 0; i < (*groups)->count; i++) {
            error result = add(router, &(*groups)->routes[i]);
            if (error_is(result)) {
                router_free(router);
                return result;
            }
        }
    *ret_router = router;
    return OK;
}

static void node_done(struct node *node)
{
    while (node->entries) {
        struct entry *entry = node->entries;
        node->entries = entry->next;
        free(entry);
    }
    while (node->fixed) {
        struct node *child = node->fixed;
        node->fixed = child->next;
        node_done(child);
        free(child);
    }
    if (node->any) {
        node_done(node->any);
        free(node->any);
    }
}

void router_free(struct router *router)
{
    if (!router)
        return;
    node_done(&router->root);
    free(router);
}

// Depth is bounded by the deepest pattern. Fixed segments first, then the parameter.
static const struct node *walk(const struct node *node, str path, str method)
{
    str segment;
    if (!next_segment(&path, &segment))
        return node->entries && (method.data == NULL || of_method(node, method)) ? node : NULL;
    const struct node *child = fixed_child(node, segment);
    const struct node *end = child ? walk(child, path, method) : NULL;
    return end || !node->any ? end : walk(node->any, path, method);
}

struct router_match router_find(const struct router *router, str method, str path)
{
    const struct node *node = walk(&router->root, path, method);
    if (!node && str_equal(method, STR("HEAD"))) {
        method = STR("GET");
        node = walk(&router->root, path, method);
    }
    if (node)
        return (struct router_match) { of_method(node, method), true };
    return (struct router_match) { NULL, walk(&router->root, path, STR_NONE) != NULL };
}

static void collect(const struct node *node, str path, struct buffer *list)
{
    str segment;
    if (!next_segment(&path, &segment)) {
        for (const struct entry *entry = node->entries; entry; entry = entry->next)
            if (str_find(buffer_str(list), str_of(entry->route->method)) < 0)
                buffer_format(list, "%s%s", list->size ? ", " : "", entry->route->method);
        return;
    }
    const struct node *child = fixed_child(node, segment);
    if (child)
        collect(child, path, list);
    if (node->any)
        collect(node->any, path, list);
}

str router_allowed(const struct router *router, struct arena *arena, str path)
{
    BUFFER_AUTO struct buffer list = { 0 };
    collect(&router->root, path, &list);
    return str_copy(arena, buffer_str(&list));
}

bool router_decode(struct arena *arena, str text, bool form, str *ret_text)
{
    char *out = arena_alloc_raw(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%') {
            if (!str_from_hex(str_sub(text, i + 1, 2), &c, 1))
                return false;
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        out[size++] = c;
    }
    out[size] = 0;
    *ret_text = (str) { out, size };
    return true;
}

error router_values(struct arena *arena, const struct route *route, str path,
    struct router_value ret_values[static ROUTER_VALUES_MAX], size_t *ret_count)
{
    str pattern = str_of(route->path), name, segment;
    size_t count = 0;
    while (next_segment(&pattern, &name) && next_segment(&path, &segment)) {
        if (name.data[0] != '{')
            continue;
        ASSERT(count < ROUTER_VALUES_MAX);
        str value;
        if (!router_decode(arena, segment, false, &value) || (value.size && memchr(value.data, 0, value.size))
            || !str_is_utf8(value))
            return error_make(ERROR_INVALID_ID, NULL, "The path is not valid");
        ret_values[count++] = (struct router_value) { str_copy(arena, str_sub(name, 1, name.size - 2)), value };
    }
    *ret_count = count;
    return OK;
}
