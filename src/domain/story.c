// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/story.h"

#include <string.h>

#include "domain/story_parts.h"

// Where the reader stands.
struct reader {
    struct arena *arena;
    const struct story_style *style;
    enum story_breakdown breakdown;
    struct warnings *warnings;
    json_t *scenes;
    struct story_draft draft;
    struct buffer paragraph; // lines of it so far
    size_t line;
    bool in_comment, in_code;
    str first_title;
};

bool story_breakdown_of(str name, enum story_breakdown *ret_breakdown)
{
    static const char *const names[] = { "heading", "paragraph", "sentence" };
    for (size_t i = 0; i < 3; i++)
        if (str_equal_c(name, names[i])) {
            *ret_breakdown = (enum story_breakdown)i;
            return true;
        }
    return false;
}

static error bad_line(const struct reader *reader, const char *sentence)
{
    return error_make(ERROR_VALIDATION_ERROR, "script", "Line %zu: %s", reader->line, sentence);
}

static void draft_done(struct story_draft *draft)
{
    buffer_done(&draft->spoken);
    buffer_done(&draft->list);
    *draft = (struct story_draft) { 0 };
}

static error end_scene(struct reader *reader)
{
    if (!reader->draft.is_open)
        return OK;
    if (json_array_size(reader->scenes) == STORY_SCENES_MAX)
        return bad_line(reader, "the story has more than 500 scenes; split it into several videos");
    json_array_append_new(reader->scenes, story_scene(reader->arena, reader->style, &reader->draft));
    draft_done(&reader->draft);
    return OK;
}

static void speak(struct reader *reader, str text, const char *separator)
{
    struct buffer *spoken = &reader->draft.spoken;
    if (spoken->size)
        buffer_append_c(spoken, separator);
    buffer_append_str(spoken, text);
    reader->draft.is_open = true;
}

// Scenes by paragraph or sentence begin with each of them, but a heading or picture before the text joins it.
static error make_room_for_text(struct reader *reader)
{
    return reader->breakdown != STORY_HEADING && reader->draft.spoken.size ? end_scene(reader) : OK;
}

static error end_paragraph(struct reader *reader)
{
    str text = str_trim(story_plain(reader->arena, buffer_str(&reader->paragraph)));
    buffer_clear(&reader->paragraph);
    if (!text.size)
        return OK;
    if (reader->breakdown != STORY_SENTENCE) {
        TRY(make_room_for_text(reader));
        speak(reader, text, "\n\n");
        return OK;
    }
    str sentence;
    while (story_sentence(&text, &sentence)) {
        if (story_word_count(sentence))
            TRY(make_room_for_text(reader));
        speak(reader, sentence, " ");
    }
    return OK;
}

static error heading(struct reader *reader, str text)
{
    TRY(end_paragraph(reader));
    TRY(end_scene(reader));
    while (str_ends(text, STR("#")))
        text.size--;
    reader->draft.title = str_copy(reader->arena, str_trim(story_plain(reader->arena, text)));
    reader->draft.is_open = reader->draft.title.size > 0;
    if (!reader->first_title.data && reader->draft.is_open)
        reader->first_title = reader->draft.title;
    return OK;
}

static error list_item(struct reader *reader, str text)
{
    TRY(end_paragraph(reader));
    if (!reader->draft.list_count || reader->breakdown == STORY_SENTENCE)
        TRY(make_room_for_text(reader));
    text = str_trim(story_plain(reader->arena, text));
    if (!text.size)
        return OK;
    struct story_draft *draft = &reader->draft;
    str shown = text;
    while (shown.size && strchr(".;,", shown.data[shown.size - 1]))
        shown.size--;
    buffer_format(&draft->list, "%s•  %.*s", draft->list_count++ ? "\n" : "", STR_ARGS(shown));
    // A full stop makes the voice pause between items.
    bool ended = strchr(".!?:;,", text.data[text.size - 1]) != NULL;
    speak(reader, ended ? text : str_format(reader->arena, "%.*s.", STR_ARGS(text)), "\n");
    return OK;
}

static error picture(struct reader *reader, str alt, str target)
{
    // ![alt](path "title"): the path may stand in <angle brackets>.
    target = str_trim(target);
    ptrdiff_t title = str_find(target, STR(" \""));
    if (title >= 0)
        target = str_trim(str_sub(target, 0, (size_t)title));
    if (str_starts(target, STR("<")) && str_ends(target, STR(">")))
        target = str_sub(target, 1, target.size - 2);
    if (!target.size)
        return bad_line(reader, "a picture needs a file: ![description](picture.jpg)");
    TRY(make_room_for_text(reader));
    struct story_draft *draft = &reader->draft;
    draft->pictures = arena_grow(reader->arena, draft->pictures, draft->picture_count * sizeof *draft->pictures,
        (draft->picture_count + 1) * sizeof *draft->pictures);
    draft->pictures[draft->picture_count++] = (struct story_picture) {
        .path = str_copy(reader->arena, target),
        .alt = str_copy(reader->arena, str_trim(alt)),
    };
    if (reader->breakdown != STORY_SENTENCE)
        draft->pictures[draft->picture_count - 1].words_before = story_word_count(buffer_str(&draft->spoken))
                                                                 + story_word_count(buffer_str(&reader->paragraph));
    draft->is_open = true;
    return OK;
}

// A line of a paragraph, pictures taken out of it.
static error text_line(struct reader *reader, str line)
{
    if (reader->paragraph.size)
        buffer_append_byte(&reader->paragraph, ' ');
    for (;;) {
        ptrdiff_t open = str_find(line, STR("!["));
        str inside = open < 0 ? STR_NONE : str_sub(line, (size_t)open + 2, line.size);
        ptrdiff_t middle = open < 0 ? -1 : str_find(inside, STR("]("));
        ptrdiff_t close = middle < 0 ? -1 : str_index(str_sub(inside, (size_t)middle, inside.size), ')');
        if (open < 0 || middle < 0)
            break;
        if (close < 0)
            return bad_line(reader, "the picture's closing \")\" is missing");
        buffer_append_str(&reader->paragraph, str_sub(line, 0, (size_t)open));
        TRY(picture(
            reader, str_sub(inside, 0, (size_t)middle), str_sub(inside, (size_t)middle + 2, (size_t)close - 2)));
        line = str_sub(inside, (size_t)(middle + close) + 1, inside.size);
    }
    buffer_append_str(&reader->paragraph, line);
    return OK;
}

// "- item", "* item", "+ item", "1. item"
static bool item_of(str line, str *ret_text)
{
    size_t digits = 0;
    while (digits < line.size && digits < 4 && line.data[digits] >= '0' && line.data[digits] <= '9')
        digits++;
    str mark = str_sub(line, digits, 2);
    bool bullet = !digits && (str_equal(mark, STR("- ")) || str_equal(mark, STR("* ")) || str_equal(mark, STR("+ ")));
    bool number = digits && (str_equal(mark, STR(". ")) || str_equal(mark, STR(") ")));
    *ret_text = str_sub(line, digits + 2, line.size);
    return bullet || number;
}

static bool is_rule(str line)
{
    size_t marks = 0;
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] != line.data[0] && line.data[i] != ' ')
            return false;
        marks += line.data[i] == line.data[0];
    }
    return marks >= 3 && strchr("-*_", line.data[0]);
}

// Cuts comments out of a line; they may span lines.
static str without_comments(struct reader *reader, str line)
{
    str kept = STR("");
    while (line.size || reader->in_comment) {
        ptrdiff_t at = str_find(line, reader->in_comment ? STR("-->") : STR("<!--"));
        str part = str_sub(line, 0, at < 0 ? line.size : (size_t)at);
        if (!reader->in_comment)
            kept = kept.size ? str_format(reader->arena, "%.*s%.*s", STR_ARGS(kept), STR_ARGS(part)) : part;
        if (at < 0)
            break;
        line = str_sub(line, (size_t)at + (reader->in_comment ? 3 : 4), line.size);
        reader->in_comment = !reader->in_comment;
    }
    return kept;
}

static error read_line(struct reader *reader, str raw)
{
    str line = str_trim(without_comments(reader, raw)), item;
    if (str_starts(line, STR("```"))) {
        reader->in_code = !reader->in_code;
        if (reader->in_code)
            warning_add(reader->arena, reader->warnings, STR("script"),
                "Line %zu: a block of code is neither shown nor spoken", reader->line);
        return end_paragraph(reader);
    }
    if (reader->in_code)
        return OK;
    if (!line.size)
        return end_paragraph(reader);
    size_t hashes = 0;
    while (hashes < line.size && line.data[hashes] == '#')
        hashes++;
    if (hashes && hashes <= 6 && (hashes == line.size || line.data[hashes] == ' '))
        return heading(reader, str_trim(str_sub(line, hashes, line.size)));
    if (is_rule(line)) {
        TRY(end_paragraph(reader));
        return end_scene(reader);
    }
    if (item_of(line, &item))
        return list_item(reader, item);
    while (str_starts(line, STR(">")))
        line = str_trim(str_sub(line, 1, line.size));
    return text_line(reader, line);
}

static bool has_heading(str text)
{
    str line;
    while (str_split(&text, '\n', &line))
        if (str_starts(str_trim(line), STR("# ")) || str_starts(str_trim(line), STR("## "))
            || str_starts(str_trim(line), STR("### ")))
            return true;
    return false;
}

static error read_scenes(struct reader *reader, str text)
{
    str line;
    while (str_split(&text, '\n', &line)) {
        reader->line++;
        TRY(read_line(reader, line));
    }
    if (reader->in_comment)
        return bad_line(reader, "a comment <!-- has no closing -->");
    TRY(end_paragraph(reader));
    TRY(end_scene(reader));
    if (!json_array_size(reader->scenes))
        return error_make(ERROR_VALIDATION_ERROR, "script",
            "Line %zu: the story is empty; write a heading, a sentence or a picture", reader->line);
    return OK;
}

static void take_options(const struct story_options *options, struct story_style *style)
{
    if (options->title.size)
        style->title = options->title;
    if (options->voice.size)
        style->voice = options->voice;
    if (options->avatar.size)
        style->avatar = options->avatar;
    if (options->aspect_ratio.size)
        style->aspect_ratio = options->aspect_ratio;
}

error story_read(struct arena *arena, str markdown, const struct story_options *options, struct warnings *warnings,
    json_t **ret_project)
{
    if (markdown.size > STORY_BYTES_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "script", "The story is larger than 1 MiB");
    if (!str_is_utf8(markdown) || str_index(markdown, '\0') >= 0)
        return error_make(ERROR_VALIDATION_ERROR, "script", "The story is not text in UTF-8");
    if (str_starts(markdown, STR("\xEF\xBB\xBF")))
        markdown = str_sub(markdown, 3, markdown.size);
    struct story_style style = {
        .voice = STR(STORY_VOICE), .transition = STR("crossfade"), .transition_duration = 0.5
    };
    struct reader reader = { .arena = arena, .style = &style, .breakdown = options->breakdown, .warnings = warnings };
    TRY(story_front_matter(arena, &markdown, &reader.line, warnings, &style));
    take_options(options, &style);
    if (reader.breakdown == STORY_HEADING && !has_heading(markdown))
        reader.breakdown = STORY_PARAGRAPH;
    reader.scenes = json_keep(arena, json_array());
    error result = read_scenes(&reader, markdown);
    draft_done(&reader.draft);
    buffer_done(&reader.paragraph);
    TRY(result);
    if (!style.title.size)
        style.title = reader.first_title.size ? reader.first_title : STR("Untitled");
    json_t *project = json_keep(arena, json_object());
    json_object_set_new(project, "video", story_video(&style));
    json_object_set(project, "scenes", reader.scenes);
    *ret_project = project;
    return OK;
}
