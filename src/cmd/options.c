// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/options.h"

#include <stdio.h>
#include <string.h>

#include "base/settings.h"

struct parsing {
    struct arena *arena;
    const struct command *command;
    void *values;
};

static error usage(const struct command *command, const char *sentence)
{
    return error_make(ERROR_USAGE, NULL, "%s (see: kinora %s --help)", sentence, command->name);
}

static bool has_choice(const char *choices, str value)
{
    str rest = str_of(choices), part;
    while (str_split(&rest, '|', &part))
        if (str_equal(part, value))
            return true;
    return false;
}

static error set(const struct parsing *parsing, const struct option *option, str value)
{
    char *place = (char *)parsing->values + option->offset;
    char sentence[512];
    if (option->kind == OPTION_NUMBER) {
        double number;
        if (!str_to_number(value, &number) || number < option->least || number > option->most) {
            snprintf(sentence, sizeof sentence, "--%s must be a number from %g to %g, not \"%.*s\"", option->name,
                option->least, option->most, STR_ARGS(value));
            return usage(parsing->command, sentence);
        }
        *(double *)(void *)place = number;
        return OK;
    }
    if (option->choices && !has_choice(option->choices, value)) {
        snprintf(sentence, sizeof sentence, "--%s must be one of %s, not \"%.*s\"", option->name, option->choices,
            STR_ARGS(value));
        return usage(parsing->command, sentence);
    }
    *(const char **)(void *)place = str_to_c(parsing->arena, value);
    return OK;
}

static const struct option *find(const struct command *command, str name, char letter)
{
    for (const struct option *option = command->options; option && option->name; option++)
        if (letter ? option->letter == letter : str_equal_c(name, option->name))
            return option;
    return NULL;
}

// One option at arguments[*i]; moves *i onto its value.
static error take_option(const struct parsing *parsing, char **arguments, int count, int *i)
{
    str argument = str_of(arguments[*i]), value = STR_NONE, name = STR_NONE;
    char letter = 0, sentence[512];
    if (str_starts(argument, STR("--"))) {
        ptrdiff_t equals = str_index(argument, '=');
        name = str_sub(argument, 2, equals < 0 ? argument.size : (size_t)equals - 2);
        if (equals >= 0)
            value = str_sub(argument, (size_t)equals + 1, argument.size);
    } else {
        letter = argument.data[1];
        if (argument.size > 2)
            value = str_sub(argument, 2, argument.size);
    }
    const struct option *option = find(parsing->command, name, letter);
    if (!option) {
        snprintf(sentence, sizeof sentence, "Unknown option \"%s\"", argument.data);
        return usage(parsing->command, sentence);
    }
    if (option->kind == OPTION_FLAG) {
        *(bool *)(void *)((char *)parsing->values + option->offset) = true;
        if (!value.data)
            return OK;
        snprintf(sentence, sizeof sentence, "--%s takes no value", option->name);
        return usage(parsing->command, sentence);
    }
    if (!value.data && *i + 1 < count)
        value = str_of(arguments[++*i]);
    if (value.data)
        return set(parsing, option, value);
    snprintf(sentence, sizeof sentence, "--%s needs a value: %s", option->name, option->value);
    return usage(parsing->command, sentence);
}

error options_read(
    struct arena *arena, const struct command *command, char **arguments, int count, struct call *ret_call)
{
    struct parsing parsing = { arena, command, arena_alloc(arena, command->values_size) };
    if (command->defaults)
        memcpy(parsing.values, command->defaults, command->values_size);
    const char **operands = ARENA_ARRAY(arena, const char *, (size_t)count);
    int operand_count = 0;
    bool only_operands = false;
    for (int i = 0; i < count; i++) {
        bool is_option = !only_operands && arguments[i][0] == '-' && arguments[i][1];
        if (is_option && !strcmp(arguments[i], "--"))
            only_operands = true;
        else if (is_option)
            TRY(take_option(&parsing, arguments, count, &i));
        else
            operands[operand_count++] = arguments[i];
    }
    if (operand_count > command->operand_most) {
        str sentence = str_format(arena, "\"%s\" is one argument too many", operands[command->operand_most]);
        return usage(command, sentence.data);
    }
    if (operand_count < command->operand_least)
        return usage(command, str_format(arena, "kinora %s needs %s", command->name, command->operands).data);
    *ret_call = (struct call) { arena, command, parsing.values, operands, operand_count };
    return OK;
}

static void settings_help(struct arena *arena, struct buffer *out)
{
    const struct setting_info *infos;
    size_t count = settings_list(arena, &infos);
    buffer_append_c(out, "\nSettings (flag, environment variable, value now; in a file: name = value):\n");
    for (size_t i = 0; i < count; i++) {
        buffer_format(out, "  --%-20s %-26s %s%.*s%s\n      %s\n", infos[i].flag, infos[i].environment,
            infos[i].value.size ? "[" : "", STR_ARGS(infos[i].value), infos[i].value.size ? "]" : "", infos[i].doc);
    }
}

void options_help(struct arena *arena, const struct command *command, struct buffer *out)
{
    buffer_format(out, "kinora %s%s%s%s\n\n%s.\n", command->name, command->operands ? " " : "",
        command->operands ? command->operands : "", command->options ? " [OPTIONS]" : "", command->summary);
    if (command->options)
        buffer_append_c(out, "\nOptions:\n");
    for (const struct option *option = command->options; option && option->name; option++) {
        char left[64];
        snprintf(left, sizeof left, "%c%c%s--%s%s%s", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
            option->letter ? ", " : "  ", option->name, option->value ? " " : "", option->value ? option->value : "");
        buffer_format(out, "  %-28s %s\n", left, option->doc);
    }
    if (command->help)
        buffer_format(out, "\n%s\n", command->help);
    if (command->settings)
        settings_help(arena, out);
}
