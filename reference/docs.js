// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
// The token stays in this page's memory only.
SwaggerUIBundle({
    url: '/api/v1/openapi.json',
    dom_id: '#reference',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    tagsSorter: 'alpha',
    persistAuthorization: false,
    validatorUrl: null,
});
