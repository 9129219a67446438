// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// kinora-engine --program N [--read PATH]... -- PROGRAM [ARGUMENT]...
// Enters a sandbox and becomes PROGRAM, which keeps the descriptors 3 to 2 + N and may read the paths, and what is
// installed. `arguments` begin behind "--program". Returns an exit status only when that fails.
// A downloader has more: --write FOLDER --file-bytes N, and --namespace FD or --port N (engine/wall.h).
int program_become(int count, char **arguments);
