// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
Redoc.init('/api/v1/openapi.json', { nativeScrollbars: true, sortTagsAlphabetically: true }, document.getElementById('reference'));
