// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/segment.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/word_align.h"

static const struct field speaker_fields[] = {
    FIELD(struct speaker, id),
    FIELD(struct speaker, name, .doc = "As somebody called this speaker; null until then"),
    FIELD(struct speaker, segment_count, .doc = "Segments that are this speaker's"),
};
const struct shape speaker_shape = SHAPE("Speaker", struct speaker, speaker_fields);

DB_STATEMENT(by_id, "SELECT id, position, start_time, end_time, text, speaker, words FROM segment"
                    " WHERE transcription_id = $1 AND id = $2");

error segment_get(struct scope *scope, const struct transcription *of, str id, struct segment *ret_segment)
{
    bool found;
    if (!id_is_valid(id))
        return error_make(ERROR_INVALID_ID, "segment_id", "A segment id is a UUID");
    TRY(db_one(scope->db, scope->arena, &by_id, DB_ARGS(db_text(of->id), db_text(str_lower(scope->arena, id))),
        &segment_row_shape, ret_segment, &found));
    return found ? OK
                 : error_make(ERROR_SEGMENT_NOT_FOUND, "segment_id", "Segment with ID '%.*s' not found", STR_ARGS(id));
}

DB_STATEMENT(set_row, "UPDATE segment SET end_time = $2, text = $3, speaker = $4, words = $5 WHERE id = $1");

static error store(struct scope *scope, const struct segment *segment)
{
    return db_run(scope->db, &set_row,
        DB_ARGS(db_text(segment->id), db_number(segment->end_time), db_text(segment->text), db_text(segment->speaker),
            db_text(segment->words.text)),
        NULL);
}

#define LIST(...)                                                                                                      \
    ((struct list) {                                                                                                   \
        (struct segment[]) { __VA_ARGS__ }, sizeof((struct segment[]) { __VA_ARGS__ }) / sizeof(struct segment) })

error segment_update(struct scope *scope, const struct transcription *of, str id, const struct segment_change *change,
    struct segment *ret_segment)
{
    struct segment before;
    TRY(segment_get(scope, of, id, &before));
    struct segment after = before;
    if (change->text.data)
        TRY(word_align(scope->arena, change->text, &(struct list) { &after, 1 }));
    if (!after.text.size)
        return error_make(ERROR_VALIDATION_ERROR, "text", "The text has no words");
    if (change->speaker.data)
        after.speaker = change->speaker;
    TRY(store(scope, &after));
    TRY(segment_record(scope, of, "segment", &LIST(before), &LIST(after)));
    *ret_segment = after;
    return transcription_settle(scope, of);
}

// The words [first, end) of a list as the segment's own.
static error take_words(struct scope *scope, const json_t *words, size_t first, size_t end, struct segment *segment)
{
    json_t *part = json_keep(scope->arena, json_array());
    BUFFER_AUTO struct buffer text = { 0 };
    for (size_t i = first; i < end; i++) {
        buffer_append_c(&text, i > first ? " " : "");
        buffer_append_str(&text, json_get_str(json_array_get(words, i), "text"));
        json_array_append(part, json_array_get(words, i));
    }
    segment->text = str_copy(scope->arena, buffer_str(&text));
    segment->words.text = json_text(scope->arena, part);
    return OK;
}

// Its words; those of a segment that has only a text get times first.
static error words_of(struct scope *scope, struct segment *segment, json_t **ret_words)
{
    TRY(json_read(scope->arena, segment->words.text, ret_words));
    if (json_array_size(*ret_words))
        return OK;
    TRY(word_align(scope->arena, segment->text, &(struct list) { segment, 1 }));
    return json_read(scope->arena, segment->words.text, ret_words);
}

DB_STATEMENT(move, "UPDATE segment SET position = position + $3 WHERE transcription_id = $1 AND position > $2");
DB_STATEMENT(insert, "INSERT INTO segment (id, transcription_id, position, start_time, end_time, text, speaker, words)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

error segment_split(struct scope *scope, const struct transcription *of, str id, struct opt_int at_word, double at_s,
    struct segment ret_two[static 2])
{
    struct segment before;
    json_t *words;
    TRY(segment_get(scope, of, id, &before));
    struct segment head = before, tail;
    TRY(words_of(scope, &head, &words));
    size_t count = json_array_size(words), at = 0;
    if (at_word.set)
        at = (size_t)at_word.value;
    else
        while (at < count && json_get_number(json_array_get(words, at), "start", 0) < at_s)
            at++;
    if (at < 1 || at >= count)
        return error_make(ERROR_VALIDATION_ERROR, at_word.set ? "at_word" : "at",
            "Both halves need a word: the segment has %zu of them, from %g s to %g s", count, head.start_time,
            head.end_time);
    tail = head;
    tail.id = id_new(scope->arena);
    tail.position++;
    tail.start_time = json_get_number(json_array_get(words, at), "start", head.start_time);
    head.end_time = json_get_number(json_array_get(words, at - 1), "end", tail.start_time);
    TRY(take_words(scope, words, 0, at, &head));
    TRY(take_words(scope, words, at, count, &tail));
    TRY(db_run(scope->db, &move, DB_ARGS(db_text(of->id), db_int(head.position), db_int(1)), NULL));
    TRY(store(scope, &head));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(tail.id), db_text(of->id), db_int(tail.position), db_number(tail.start_time),
            db_number(tail.end_time), db_text(tail.text), db_text(tail.speaker), db_text(tail.words.text)),
        NULL));
    TRY(segment_record(scope, of, "split", &LIST(before), &LIST(head, tail)));
    ret_two[0] = head;
    ret_two[1] = tail;
    return transcription_settle(scope, of);
}

DB_STATEMENT(next_one, "SELECT id, position, start_time, end_time, text, speaker, words FROM segment"
                       " WHERE transcription_id = $1 AND position > $2 ORDER BY position LIMIT 1");
DB_STATEMENT(drop, "DELETE FROM segment WHERE id = $1");

error segment_merge(struct scope *scope, const struct transcription *of, str id, struct segment *ret_segment)
{
    struct segment before, next;
    json_t *words, *more;
    bool found;
    TRY(segment_get(scope, of, id, &before));
    TRY(db_one(scope->db, scope->arena, &next_one, DB_ARGS(db_text(of->id), db_int(before.position)),
        &segment_row_shape, &next, &found));
    if (!found)
        return error_make(ERROR_CONFLICT, "segment_id", "This is the last segment: there is none to join it with");
    struct segment joined = before, other = next;
    TRY(words_of(scope, &joined, &words));
    TRY(words_of(scope, &other, &more));
    json_array_extend(words, more);
    TRY(take_words(scope, words, 0, json_array_size(words), &joined));
    if (other.end_time > joined.end_time)
        joined.end_time = other.end_time;
    TRY(db_run(scope->db, &drop, DB_ARGS(db_text(next.id)), NULL));
    TRY(db_run(scope->db, &move, DB_ARGS(db_text(of->id), db_int(next.position), db_int(-1)), NULL));
    TRY(store(scope, &joined));
    TRY(segment_record(scope, of, "merge", &LIST(before, next), &LIST(joined)));
    *ret_segment = joined;
    return transcription_settle(scope, of);
}

#define SPEAKERS                                                                                                       \
    "SELECT s.speaker AS id, n.name, count(*) AS segment_count FROM segment s LEFT JOIN speaker_name n"                \
    " ON n.transcription_id = s.transcription_id AND n.speaker = s.speaker WHERE s.transcription_id = $1"

DB_STATEMENT(all_speakers, SPEAKERS " GROUP BY s.speaker, n.name ORDER BY s.speaker");
DB_STATEMENT(one_speaker, SPEAKERS " AND s.speaker = $2 GROUP BY s.speaker, n.name");

error segment_speakers(struct scope *scope, str transcription_id, struct list *ret_speakers)
{
    return db_all(
        scope->db, scope->arena, &all_speakers, DB_ARGS(db_text(transcription_id)), &speaker_shape, 0, ret_speakers);
}

DB_STATEMENT(put_name, "INSERT INTO speaker_name (transcription_id, speaker, name) VALUES ($1, $2, $3)"
                       " ON CONFLICT (transcription_id, speaker) DO UPDATE SET name = excluded.name");

error segment_put_name(struct scope *scope, str transcription_id, str speaker, str name)
{
    return db_run(scope->db, &put_name, DB_ARGS(db_text(transcription_id), db_text(speaker), db_text(name)), NULL);
}

DB_STATEMENT(add_revision, "INSERT INTO segment_revision (transcription_id, user_id, kind, change, inverse, created_at)"
                           " VALUES ($1, $2, $3, $4, $5, $6)");

static error add(
    struct scope *scope, const struct transcription *of, const char *kind, const json_t *change, const json_t *inverse)
{
    return db_run(scope->db, &add_revision,
        DB_ARGS(db_text(of->id), db_text(scope->actor.user_id), db_text(str_of(kind)),
            db_text(json_text(scope->arena, change)), db_text(json_text(scope->arena, inverse)),
            db_int(clock_now_us())),
        NULL);
}

static json_t *name_json(struct arena *arena, str id, str name)
{
    json_t *object = json_keep(arena, json_object()), *speakers = json_object();
    json_object_setn_new(speakers, id.data, id.size, name.data ? json_str(name) : json_null());
    json_object_set_new(object, "speakers", speakers);
    return object;
}

error segment_name_speaker(
    struct scope *scope, const struct transcription *of, str id, str name, struct speaker *ret_speaker)
{
    struct speaker speaker;
    bool found;
    TRY(db_one(scope->db, scope->arena, &one_speaker, DB_ARGS(db_text(of->id), db_text(id)), &speaker_shape, &speaker,
        &found));
    if (!found)
        return error_make(ERROR_SPEAKER_NOT_FOUND, "speaker_id", "No segment is said by '%.*s'", STR_ARGS(id));
    TRY(segment_put_name(scope, of->id, id, name));
    TRY(add(scope, of, "speaker", name_json(scope->arena, id, name), name_json(scope->arena, id, speaker.name)));
    speaker.name = name;
    *ret_speaker = speaker;
    return transcription_settle(scope, of);
}

static const struct segment *find(const struct list *list, str id)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(((struct segment *)list->items)[i].id, id))
            return &((struct segment *)list->items)[i];
    return NULL;
}

// Words change with the text only; as JSON they may be written in more than one way.
static bool is_same(const struct segment *a, const struct segment *b)
{
    return a->start_time == b->start_time && a->end_time == b->end_time && str_equal(a->text, b->text)
           && str_equal(a->speaker, b->speaker);
}

// What turns `from` into `to`. Lists that have much in common have it at the same places: no search through the whole.
static json_t *difference(struct arena *arena, const struct list *from, const struct list *to)
{
    json_t *object = json_keep(arena, json_object()), *segments = json_array(), *removed = json_array();
    const struct segment *old = from->items, *fresh = to->items;
    for (size_t i = 0; i < to->count; i++) {
        bool at_place = i < from->count && str_equal(old[i].id, fresh[i].id);
        const struct segment *was = at_place ? &old[i] : find(from, fresh[i].id);
        if (!was || !is_same(was, &fresh[i]))
            json_array_append(segments, shape_json(arena, &segment_row_shape, &fresh[i]));
    }
    for (size_t i = 0; i < from->count; i++) {
        bool at_place = i < to->count && str_equal(old[i].id, fresh[i].id);
        if (!at_place && !find(to, old[i].id))
            json_array_append_new(removed, json_str(old[i].id));
    }
    json_object_set_new(object, "segments", segments);
    json_object_set_new(object, "removed", removed);
    return object;
}

error segment_record(struct scope *scope, const struct transcription *of, const char *kind, const struct list *before,
    const struct list *after)
{
    return add(scope, of, kind, difference(scope->arena, before, after), difference(scope->arena, after, before));
}

static const struct field revision_fields[] = {
    FIELD(struct segment_revision, number),
    FIELD(struct segment_revision, kind, .doc = "text, segment, split, merge, speaker"),
    FIELD(struct segment_revision, user_id, .format = FORMAT_UUID, .doc = "Who did it"),
    FIELD(struct segment_revision, created_at),
    FIELD(struct segment_revision, change, .doc = "segments as they became, removed ids, names of speakers"),
    FIELD(struct segment_revision, inverse, .doc = "The same to go back: as they were before"),
};
const struct shape segment_revision_shape = SHAPE("TranscriptRevision", struct segment_revision, revision_fields);

DB_STATEMENT(list_revisions,
    "SELECT number, user_id, kind, change, inverse, created_at FROM segment_revision WHERE transcription_id = $1"
    " ORDER BY number DESC LIMIT $2 OFFSET $3");
DB_STATEMENT(count_revisions, "SELECT count(*) FROM segment_revision WHERE transcription_id = $1");
DB_STATEMENT(newest_revision, "SELECT coalesce(max(number), 0) FROM segment_revision WHERE transcription_id = $1");

error segment_revisions(struct scope *scope, str transcription_id, int64_t skip, int64_t limit,
    struct list *ret_revisions, int64_t *ret_total)
{
    TRY(db_integer(scope->db, &count_revisions, DB_ARGS(db_text(transcription_id)), ret_total, NULL));
    return db_all(scope->db, scope->arena, &list_revisions,
        DB_ARGS(db_text(transcription_id), db_int(limit), db_int(skip)), &segment_revision_shape, 0, ret_revisions);
}

error segment_newest_revision(struct scope *scope, str transcription_id, int64_t *ret_number)
{
    return db_integer(scope->db, &newest_revision, DB_ARGS(db_text(transcription_id)), ret_number, NULL);
}
