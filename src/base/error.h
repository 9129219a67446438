// SPDX-License-Identifier: GPL-3.0-or-later
// One error value for the whole program: a code from the one list, the field or thing it is about,
// and one sentence for a person. The texts live in a ring of this thread's own (8 KB) and stay valid
// until some thirty later errors of the same thread; whoever keeps one longer copies it.
#pragma once

#include <stdint.h>

#include "base/str.h"

#define ERROR_CODE(name, status, sentence) ERROR_##name,
enum error_code {
    ERROR_NONE,
#include "base/error_codes.h"
    ERROR_CODE_COUNT
};
#undef ERROR_CODE

typedef struct error {
    enum error_code code; // ERROR_NONE means all went well
    const char *field;    // the field or thing, or NULL
    const char *message;  // never NULL when code is set
} error;

#define OK ((error) { 0 })
#define MUST_USE __attribute__((warn_unused_result))

struct error_info {
    const char *name; // "MEDIA_NOT_FOUND"
    int status;       // HTTP status
    const char *sentence;
};
// For ERROR_NONE < code < ERROR_CODE_COUNT.
const struct error_info *error_info(enum error_code code);

// Makes an error with the sentence of the list.
MUST_USE error error_of(enum error_code code);
// Makes an error about `field` (may be NULL) with a sentence of its own.
MUST_USE error error_make(enum error_code code, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// A failed system call: INTERNAL_ERROR; STORAGE_FULL for ENOSPC and EDQUOT, UNAVAILABLE for a disk that fails or may
// only be read. `what` as in "open".
MUST_USE error error_system(const char *what, const char *thing, int error_number);

static inline bool error_is(error e)
{
    return __builtin_expect(e.code != ERROR_NONE, 0);
}

#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        error try_error_ = (expression);                                                                               \
        if (error_is(try_error_))                                                                                      \
            return try_error_;                                                                                         \
    } while (0)

// A bug in the program, kept in release builds. Input must never reach it.
_Noreturn void bug(const char *file, int line, const char *what);
#define ASSERT(condition) ((condition) ? (void)0 : bug(__FILE__, __LINE__, #condition))
// The system has no memory left. What is small and everywhere has no way on without it: the program ends, saying so,
// and starts again as after a power cut. What a client decides the size of is an error instead.
_Noreturn void out_of_memory(void);
// For what fails only so.
#define ASSERT_MEMORY(condition) ((condition) ? (void)0 : out_of_memory())

// Hands a handle over: reads the variable and leaves NULL in it.
#define TAKE(variable)                                                                                                 \
    __extension__({                                                                                                    \
        __typeof__(variable) take_ = (variable);                                                                       \
        (variable) = NULL;                                                                                             \
        take_;                                                                                                         \
    })
