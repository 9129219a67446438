// SPDX-License-Identifier: GPL-3.0-or-later
// A feed of episodes (RSS 2.0 with enclosures, Atom with rel="enclosure"): {title, items: [{id, title, url, type,
// length, published}]} in the order of the feed. Entities are never loaded, neither is anything from elsewhere.
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#include "engine/ops.h"

enum { FEED_BYTES_MAX = 32 << 20, ITEMS_MAX = 10000, TEXT_MAX = 4096 };

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

static xmlNode *child_of(const xmlNode *node, const char *name)
{
    for (xmlNode *child = node->children; child; child = child->next)
        if (is(child, name))
            return child;
    return NULL;
}

// Valid UTF-8, since libxml2 made it so; cut where it is too long.
static json_t *text_of(xmlChar *text)
{
    str whole = text ? str_cut_utf8(str_trim(str_of((const char *)text)), TEXT_MAX) : STR_NONE;
    json_t *json = whole.size ? json_str(whole) : json_null();
    if (text)
        xmlFree(text);
    return json;
}

static json_t *content(const xmlNode *node, const char *name)
{
    xmlNode *child = child_of(node, name);
    return text_of(child ? xmlNodeGetContent(child) : NULL);
}

static json_t *attribute(const xmlNode *node, const char *name)
{
    return text_of(xmlGetProp((xmlNode *)node, (const xmlChar *)name));
}

// <enclosure url type length>, or <link rel="enclosure" href type length>.
static const xmlNode *enclosure_of(const xmlNode *item, const char **ret_address)
{
    for (const xmlNode *child = item->children; child; child = child->next) {
        if (is(child, "enclosure")) {
            *ret_address = "url";
            return child;
        }
        if (!is(child, "link"))
            continue;
        xmlChar *rel = xmlGetProp((xmlNode *)child, (const xmlChar *)"rel");
        bool found = rel && !strcmp((const char *)rel, "enclosure");
        if (rel)
            xmlFree(rel);
        *ret_address = "href";
        if (found)
            return child;
    }
    return NULL;
}

static void add_item(json_t *items, const xmlNode *item)
{
    const char *address;
    const xmlNode *enclosure = enclosure_of(item, &address);
    if (!enclosure || json_array_size(items) >= ITEMS_MAX)
        return;
    json_t *json = json_object(), *url = attribute(enclosure, address);
    json_t *id = content(item, child_of(item, "guid") ? "guid" : "id");
    json_object_set_new(json, "url", url);
    json_object_set(json, "id", json_is_string(id) ? id : url);
    json_object_set_new(json, "title", content(item, "title"));
    json_object_set_new(json, "type", attribute(enclosure, "type"));
    json_object_set_new(json, "length", attribute(enclosure, "length"));
    json_object_set_new(json, "published", content(item, child_of(item, "pubDate") ? "pubDate" : "published"));
    json_decref(id);
    if (json_is_string(url))
        json_array_append(items, json);
    json_decref(json);
}

// The channel of RSS, or the feed of Atom itself.
static const xmlNode *channel_of(const xmlNode *root)
{
    if (is(root, "rss"))
        return child_of(root, "channel");
    return is(root, "feed") ? root : NULL;
}

static error read_feed(const xmlNode *root, json_t **ret_result)
{
    const xmlNode *channel = root ? channel_of(root) : NULL;
    if (!channel)
        return error_make(ERROR_ENGINE_REFUSED, "url", "This is no feed: neither RSS nor Atom");
    json_t *result = json_object(), *items = json_array();
    json_object_set_new(result, "title", content(channel, "title"));
    json_object_set_new(result, "items", items);
    for (const xmlNode *child = channel->children; child; child = child->next)
        if (is(child, "item") || is(child, "entry"))
            add_item(items, child);
    *ret_result = result;
    return OK;
}

static void say_nothing(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

static error feed(struct engine_call *call, json_t **ret_result)
{
    uint64_t size = engine_input_count(call) ? engine_input_size(call, 0) : 0, at = 0;
    if (!size || size > FEED_BYTES_MAX)
        return error_make(ERROR_ENGINE_REFUSED, "url", "A feed has 1 byte to %d MiB", FEED_BYTES_MAX >> 20);
    char *bytes = arena_alloc_raw(engine_arena(call), size);
    for (size_t got = 1; at < size && got; at += got)
        TRY(engine_read(call, 0, at, bytes + at, size - at, &got));
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlDoc *document = xmlReadMemory(
        bytes, (int)at, NULL, NULL, XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!document)
        return error_make(ERROR_ENGINE_REFUSED, "url", "This is no feed: it is not XML");
    error result = read_feed(xmlDocGetRootElement(document), ret_result);
    xmlFreeDoc(document);
    return result;
}

const struct engine_op feed_op = { "feed.read", feed };
