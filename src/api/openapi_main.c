// SPDX-License-Identifier: GPL-3.0-or-later
// kinora-api-document: prints the OpenAPI document while Kinora is built, for the web app is made from it and is itself
// a part of kinora, which could print it otherwise.
#include <stdio.h>

#include "api/openapi.h"

int main(void)
{
    BUFFER_AUTO struct buffer text = { 0 };
    openapi_write(&text);
    bool written = !text.failed && fwrite(text.data, 1, text.size, stdout) == text.size;
    return written && fflush(stdout) == 0 ? 0 : 1;
}
