// SPDX-License-Identifier: GPL-3.0-or-later
// TypeScript of the OpenAPI document: what each route takes and gives (made/api.d.ts), and the table of scene properties
// (made/properties.ts). A route that the app calls and that is no more, or takes something else, breaks the build.
const indent = (text) => text.replace(/\n/g, '\n    ');
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function type_of(schema) {
    if (!schema || !Object.keys(schema).length)
        return 'unknown';
    if (schema.$ref)
        return `Shapes[${JSON.stringify(schema.$ref.split('/').pop())}]`;
    if (schema.const !== undefined)
        return JSON.stringify(schema.const);
    if (schema.enum)
        return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
    if (schema.oneOf ?? schema.anyOf)
        return (schema.oneOf ?? schema.anyOf).map(type_of).join(' | ');
    if (Array.isArray(schema.type))
        return schema.type.map((one) => type_of({ ...schema, type: one })).join(' | ');
    switch (schema.type) {
    case 'string':
        return 'string';
    case 'integer':
    case 'number':
        return 'number';
    case 'boolean':
        return 'boolean';
    case 'null':
        return 'null';
    case 'array':
        return `Array<${type_of(schema.items)}>`;
    default:
        return schema.properties ? object_of(schema) : 'Record<string, unknown>';
    }
}

function object_of(schema) {
    const wanted = new Set(schema.required ?? []);
    const rows = Object.entries(schema.properties).map(([name, one]) => `${key(name)}${wanted.has(name) ? '' : '?'}: ${type_of(one)};`);
    return rows.length ? `{\n    ${indent(rows.join('\n'))}\n}` : 'Record<string, never>';
}

function parameters_of(operation, place) {
    const rows = operation.parameters.filter((one) => one.in === place)
        .map((one) => `${key(one.name)}${one.required ? '' : '?'}: ${place === 'path' ? 'string | number' : type_of(one.schema)}`);
    return rows.length ? `{ ${rows.join('; ')} }` : null;
}

function body_of(operation) {
    const content = operation.requestBody?.content;
    if (!content)
        return null;
    return content['application/json'] ? type_of(content['application/json'].schema)
        : content['application/x-www-form-urlencoded'] ? type_of(content['application/x-www-form-urlencoded'].schema) : 'BodyInit';
}

// The answer as the client gives it on: an envelope is opened.
function answer_of(operation) {
    const [, response] = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
    const schema = response.content?.['application/json']?.schema;
    if (!schema)
        return response.content ? 'Response' : 'undefined';
    if (schema.properties?.success)
        return schema.properties.data ? type_of(schema.properties.data) : 'undefined';
    return type_of(schema);
}

export function api_types(document) {
    const shapes = Object.entries(document.components.schemas).map(([name, schema]) => `${key(name)}: ${type_of(schema)};`);
    const routes = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => {
        const parts = ['path', 'query', 'header'].map((place) => [place, parameters_of(operation, place)]).concat([['body', body_of(operation)]])
            .filter(([, type]) => type).map(([name, type]) => `${name}${name === 'query' && !type.includes('?') || name === 'path' || name === 'body' ? '' : '?'}: ${type};`);
        return `${JSON.stringify(`${method.toUpperCase()} ${path}`)}: {\n    ${indent([...parts, `answer: ${answer_of(operation)};`].join('\n'))}\n};`;
    }));
    return '// SPDX-License-Identifier: GPL-3.0-or-later\n// Made by web/tool/api-types.mjs.\n' +
        `export interface Shapes {\n    ${indent(shapes.join('\n'))}\n}\nexport interface Routes {\n    ${indent(routes.join('\n'))}\n}\n`;
}

const COLOR = '^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$';

function property(name, full, required) {
    const types = [full.type].flat().filter((one) => one !== 'null'); // what may be null may be left out
    const schema = { ...full, type: types.length > 1 ? types : types[0] };
    const row = { name, kind: schema.type, doc: schema.description };
    if (schema.oneOf)
        Object.assign(row, { kind: 'fill', members: members(schema.oneOf[1]) });
    else if (schema.enum)
        Object.assign(row, { kind: 'choice', choices: schema.enum });
    else if (schema.pattern === COLOR)
        row.kind = 'color';
    else if (Array.isArray(schema.type))
        row.kind = 'weight';
    else if (schema.type === 'object')
        row.members = members(schema);
    else if (schema.type === 'number' || schema.type === 'integer')
        Object.assign(row, { kind: 'number', min: schema.minimum, max: schema.maximum });
    else if (schema.type === 'string')
        row.max = schema.maxLength;
    if (schema.default !== undefined)
        row.fallback = schema.default;
    if (required)
        row.required = true;
    return row;
}

function members(schema) {
    const wanted = new Set(schema.required ?? []);
    return Object.entries(schema.properties).map(([name, one]) => property(name, one, wanted.has(name)));
}

export function property_table(document) {
    const owners = { video: 'VideoProperties', scene: 'SceneProperties' };
    for (const name of ['audio', 'voiceover', 'text', 'media', 'shape', 'avatar', 'effect'])
        owners[name] = `${name[0].toUpperCase()}${name.slice(1)}LayerProperties`;
    const table = Object.fromEntries(Object.entries(owners).map(([name, schema]) => [name, members(document.components.schemas[schema])]));
    const change = document.paths['/api/v1/settings']?.put?.requestBody.content['application/json'].schema.$ref.split('/').pop();
    const settings = change ? members(document.components.schemas[change]) : [];
    return '// SPDX-License-Identifier: GPL-3.0-or-later\n// Made by web/tool/api-types.mjs.\n' +
        `export const settings: Property[] = ${JSON.stringify(settings)};\n` +
        `import type { Property } from 'kinora:property';\nexport const properties: Record<string, Property[]> = ${JSON.stringify(table)};\n`;
}
