// SPDX-License-Identifier: GPL-3.0-or-later
// Forks sandboxed children on request (base/wire_zygote.h). It has loaded what they need and holds no secret.
#pragma once

// Serves the control socket until it closes; then the process is to end, which ends its children.
void zygote_run(int control_fd);
