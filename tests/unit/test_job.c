// SPDX-License-Identifier: GPL-3.0-or-later
#include "library_help.h"
int main(void){return 0;}
