// SPDX-License-Identifier: GPL-3.0-or-later
// cmocka wants its includes in this order.
#pragma once

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
// clang-format on

#include "base/error.h"

#define assert_ok(expression)                                                                                          \
    do {                                                                                                               \
        error assert_error_ = (expression);                                                                            \
        if (error_is(assert_error_))                                                                                   \
            fail_msg("%s: %s", error_info(assert_error_.code)->name, assert_error_.message);                           \
    } while (0)
#define assert_error(expression, expected) assert_int_equal((expression).code, (expected))
