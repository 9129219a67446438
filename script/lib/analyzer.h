// SPDX-License-Identifier: GPL-3.0-or-later
// Included first in every file that script/lint looks at: tells clang's analyzer what it cannot see from outside
// error.c, that an error that was made is an error.
#pragma once

#include <stdio.h>

#include "base/error.h"

#define error_of(code) ((error) { (code), NULL, "" })
#define error_make(code, field, ...) ((void)snprintf(NULL, 0, __VA_ARGS__), (error) { (code), (field), "" })
#define error_system(what, thing, error_number) \
    ((void)(what), (void)(error_number), (error) { ERROR_INTERNAL_ERROR, (thing), "" })
