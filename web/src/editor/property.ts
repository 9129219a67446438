// SPDX-License-Identifier: GPL-3.0-or-later
// A row of the server's table of scene properties, as web/tool/api-types.mjs writes it.
export interface Property {
    name: string;
    kind: 'string' | 'number' | 'boolean' | 'color' | 'choice' | 'weight' | 'object' | 'fill' | 'array';
    doc?: string;
    min?: number;
    max?: number;
    choices?: Array<string | number>;
    fallback?: unknown;
    required?: boolean;
    members?: Property[];
}
