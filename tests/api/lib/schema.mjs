// SPDX-License-Identifier: GPL-3.0-or-later
// Checks values against the part of JSON Schema that our API documents use. A keyword that is not known here is an
// error too: a rule that nobody checks is worse than none.
const known = new Set(['$ref', 'type', 'required', 'properties', 'enum', 'const', 'items', 'anyOf', 'format', 'minimum',
    'maximum', 'minLength', 'maxLength', 'description', 'contentMediaType']);

const types = {
    object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    array: Array.isArray,
    string: (value) => typeof value === 'string',
    number: (value) => typeof value === 'number',
    integer: (value) => Number.isInteger(value),
    boolean: (value) => typeof value === 'boolean',
    null: (value) => value === null,
};

const formats = {
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/,
    email: /^[^@\s]+@[^@\s]+$/,
    uri: /^[a-z][a-z0-9+.-]*:/i,
    byte: /^[A-Za-z0-9+/]*={0,2}$/,
};

// A list of sentences about what is wrong; empty when the value fits.
export function mismatches(document, schema, value, at = 'answer') {
    const strange = Object.keys(schema).filter((key) => !known.has(key));
    if (strange.length)
        return [`${at}: the schema uses ${strange.join(', ')}, which the checker does not know`];
    if (schema.$ref) {
        const target = schema.$ref.replace('#/', '').split('/').reduce((node, key) => node?.[key], document);
        return target ? mismatches(document, target, value, at) : [`${at}: ${schema.$ref} does not exist`];
    }
    const wrong = [];
    const list = [schema.type ?? []].flat();
    if (list.length && !list.some((type) => types[type](value)))
        return [`${at}: ${JSON.stringify(value)?.slice(0, 80)} is not ${list.join(' or ')}`];
    if (schema.enum && !schema.enum.includes(value))
        wrong.push(`${at}: ${JSON.stringify(value)} is none of ${JSON.stringify(schema.enum)}`);
    if ('const' in schema && value !== schema.const)
        wrong.push(`${at}: ${JSON.stringify(value)} is not ${JSON.stringify(schema.const)}`);
    if (schema.anyOf && schema.anyOf.every((one) => mismatches(document, one, value, at).length))
        wrong.push(...schema.anyOf.map((one) => `${mismatches(document, one, value, at)[0]} (none of the choices fits)`));
    if (types.number(value) && (value < schema.minimum || value > schema.maximum))
        wrong.push(`${at}: ${value} is out of range`);
    if (types.string(value)) {
        const length = [...value].length;
        if (length < schema.minLength || length > schema.maxLength)
            wrong.push(`${at}: ${length} characters are out of range`);
        if (schema.format && !formats[schema.format]?.test(value))
            wrong.push(`${at}: "${value}" is not a ${schema.format}`);
    }
    if (types.array(value) && schema.items)
        value.forEach((item, i) => wrong.push(...mismatches(document, schema.items, item, `${at}.${i}`)));
    if (types.object(value)) {
        for (const key of schema.required ?? [])
            if (!(key in value))
                wrong.push(`${at}: ${key} is missing`);
        // What is not declared is not promised, so it must not be there; an object without properties is free.
        for (const [key, item] of Object.entries(value))
            if (schema.properties?.[key])
                wrong.push(...mismatches(document, schema.properties[key], item, `${at}.${key}`));
            else if (schema.properties && !(at === 'answer.data' && key === 'warnings'))
                wrong.push(`${at}: ${key} is not declared`);
    }
    return wrong;
}
