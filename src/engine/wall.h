// SPDX-License-Identifier: GPL-3.0-or-later
// Walls around a downloader: it reaches a proxy of whoever started it, and nothing else of any network.
//   namespace: a network namespace with nothing but its own loopback. A socket that listens on WALL_PORT there is made
//     first and handed out over a descriptor: who has it accepts what the program connects to, from outside.
//   landlock: TCP to one port only, where the kernel knows such rules. They match ports and no addresses, so the proxy
//     there wants a password, and system calls for other kinds of sockets are closed.
#pragma once

#include "base/error.h"

enum { WALL_PORT = 8118 };

// Before the user is changed. UNAVAILABLE when the system does not allow it.
MUST_USE error wall_enter_namespace(int handout);
// After file rules, before the program. UNAVAILABLE where the kernel has no such rules.
MUST_USE error wall_enter_landlock(int port);
// Prints "namespace ok" and "landlock ok", or the reasons why not, a line each; tries each in a child.
int wall_print(void);
