// SPDX-License-Identifier: GPL-3.0-or-later
// One field for each kind of property. A field tells what was chosen once it is settled: on release, on leaving, after a
// pause in typing; each is one step of undo.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { t } from '../strings/index.ts';
import { name_of } from './assets.ts';
import { editing } from './live.ts';
import type { Property } from './property.ts';

export interface FieldProps { row: Property; label: string; value: any; set: (value: any) => void; wrong?: string; pick?: (row: Property) => void; path: string }
const TYPING_MS = 600;
const AREA_FROM = 1000; // characters that a field may hold, to be given several lines

export function choice_name(value: string | number): string {
    const names = t.editor.choices as Record<string, string>;
    return names[String(value)] ?? String(value).replace(/_/g, ' ');
}

function Text({ row, id, value, set, path, wrong }: FieldProps & { id: string }) {
    const [own, set_own] = useState<string>(value ?? '');
    const timer = useRef(0), own_now = useRef(own), focused = useRef(false);
    own_now.current = own;
    useEffect(() => {
        if (!focused.current)
            set_own(value ?? '');
    }, [value]);
    const settle = () => {
        clearTimeout(timer.current);
        if (own_now.current !== (value ?? ''))
            set(own_now.current === '' && !row.required ? null : own_now.current);
    };
    const settle_now = useRef(settle);
    settle_now.current = settle;
    useEffect(() => () => clearTimeout(timer.current), []);
    const props = {
        id, class: 'input tight', value: own, maxLength: row.max, 'aria-invalid': wrong ? true : undefined,
        onInput: (event: Event) => {
            set_own((event.currentTarget as HTMLInputElement).value);
            clearTimeout(timer.current);
            timer.current = window.setTimeout(() => settle_now.current(), TYPING_MS);
        },
        onFocus: () => { focused.current = true; editing.value = path; },
        onBlur: () => { focused.current = false; editing.value = ''; settle(); },
    };
    return (row.max ?? 0) >= AREA_FROM && !/_id$|_url$/.test(row.name) ? <textarea rows={3} {...props} /> : <input type="text" {...props} />;
}

function step_of(row: Property): number {
    const span = (row.max ?? 100) - (row.min ?? 0);
    return span <= 2 ? 0.05 : span <= 60 ? 0.1 : 1;
}

function Number_({ row, id, value, set, wrong }: FieldProps & { id: string }) {
    const shown = value ?? row.fallback;
    const [sliding, set_sliding] = useState<number | null>(null);
    const slides = row.min !== undefined && row.max !== undefined && row.max - row.min <= 100;
    const settle = (event: Event) => {
        const text = (event.currentTarget as HTMLInputElement).value;
        set_sliding(null);
        if (text === '')
            return set(null);
        const number = Math.min(row.max ?? Infinity, Math.max(row.min ?? -Infinity, Number(text)));
        if (number !== value)
            set(number);
    };
    return (
        <span class="row">
            {slides && <input type="range" tabIndex={-1} aria-hidden="true" min={row.min} max={row.max} step={step_of(row)} value={String(sliding ?? shown ?? row.min)} onInput={(event) => set_sliding(Number(event.currentTarget.value))} onChange={settle} />}
            <input id={id} class="input tight number" type="number" min={row.min} max={row.max} step="any" value={sliding ?? value ?? ''} placeholder={row.fallback === undefined ? '' : String(row.fallback)} aria-invalid={wrong ? true : undefined} onChange={settle} />
        </span>
    );
}

const six = (color: string) => (/^#[0-9a-f]{3}$/i.test(color) ? `#${[...color.slice(1)].map((c) => c + c).join('')}` : color.slice(0, 7));

function Color({ row, id, value, set, wrong }: FieldProps & { id: string }) {
    const shown = typeof value === 'string' ? value : typeof row.fallback === 'string' ? row.fallback : '#000000';
    const alpha = shown.length === 9 ? shown.slice(7) : '';
    const typed = (text: string) => (text === '' ? set(null) : set(text.startsWith('#') ? text : `#${text}`));
    return (
        <span class="row">
            <input type="color" class="swatch" tabIndex={-1} aria-hidden="true" value={six(shown)} onChange={(event) => set(event.currentTarget.value + alpha)} />
            <input id={id} class="input tight mono" type="text" value={typeof value === 'string' ? value : ''} placeholder={shown} maxLength={9} aria-invalid={wrong ? true : undefined} onChange={(event) => typed(event.currentTarget.value.trim())} />
        </span>
    );
}

function Choice({ row, id, value, set }: FieldProps & { id: string }) {
    const numbers = typeof row.choices![0] === 'number';
    return (
        <select id={id} class="input tight" value={String(value ?? row.fallback ?? '')} onChange={(event) => set(event.currentTarget.value === '' ? null : numbers ? Number(event.currentTarget.value) : event.currentTarget.value)}>
            {row.fallback === undefined && !row.required && <option value="">{t.editor.by_itself}</option>}
            {row.choices!.map((one) => <option key={one} value={String(one)} selected={one === (value ?? row.fallback)}>{choice_name(one)}</option>)}
        </select>
    );
}

// [colour, colour, angle]
function Gradient({ id, value, set }: FieldProps & { id: string }) {
    const [from = '#3450c8', to = '#101114', angle = 90] = Array.isArray(value) ? value : [];
    const change = (at: number, one: unknown) => set([from, to, angle].map((before, i) => (i === at ? one : before)));
    return (
        <span class="row" id={id}>
            <input type="color" class="swatch" aria-label={t.editor.first_color} value={six(from)} onChange={(event) => change(0, event.currentTarget.value)} />
            <input type="color" class="swatch" aria-label={t.editor.second_color} value={six(to)} onChange={(event) => change(1, event.currentTarget.value)} />
            <input type="number" class="input tight number" aria-label={t.editor.angle} value={angle} min={0} max={360} onChange={(event) => change(2, Number(event.currentTarget.value))} />
        </span>
    );
}

function Json({ id, value, set, wrong }: FieldProps & { id: string }) {
    const [failed, set_failed] = useState(false);
    const settle = (text: string) => {
        try {
            set(text.trim() ? JSON.parse(text) : null);
            set_failed(false);
        } catch {
            set_failed(true);
        }
    };
    return <><textarea id={id} rows={2} class="input tight mono" aria-invalid={failed || !!wrong} value={value ? JSON.stringify(value) : ''} onChange={(event) => settle(event.currentTarget.value)} />{failed && <span class="small wrong">{t.editor.no_list}</span>}</>;
}

// A thing of a library by its name; its id is for machines.
function Chosen({ row, value, set, pick, id }: FieldProps & { id: string }) {
    const name = typeof value === 'string' && value ? name_of(row.name, value) : undefined;
    return (
        <span class="row">
            <span class="grow cut" title={value ?? ''}>{name ?? value ?? t.editor.nothing}</span>
            {value && !row.required && <Button kind="plain tight" icon="close" label={t.editor.clear(row.name)} act={() => set(null)} />}
            <Button id={id} kind="tight" act={() => pick!(row)}>{t.editor.choose}</Button>
        </span>
    );
}

const assets = new Set(['media_id', 'audio_id', 'voice_id', 'avatar_id', 'logo_media_id']);

function Inside(props: FieldProps & { id: string }) {
    const { row, id, value, set } = props;
    switch (row.kind) {
    case 'boolean':
        return <input id={id} type="checkbox" class="switch" checked={value ?? row.fallback ?? false} onChange={(event) => set(event.currentTarget.checked)} />;
    case 'number':
        return <Number_ {...props} />;
    case 'color':
        return <Color {...props} />;
    case 'choice':
        return <Choice {...props} />;
    case 'weight':
        return <Choice {...props} row={{ ...row, choices: ['thin', 'light', 'normal', 'medium', 'semibold', 'bold', 'heavy'] }} />;
    case 'array':
        return row.name === 'gradient' ? <Gradient {...props} /> : <Json {...props} />;
    default:
        return assets.has(row.name) && props.pick
            ? <Chosen {...props} />
            : <Text {...props} />;
    }
}

export function Field(props: FieldProps) {
    const id = useId(), wide = props.row.kind === 'string' && (props.row.max ?? 0) >= AREA_FROM && !/_id$|_url$/.test(props.row.name) || props.row.kind === 'array';
    return (
        <div class={`property ${wide ? 'wide' : ''}`}>
            <label for={id} title={props.row.doc}>{props.label}</label>
            <Inside {...props} id={id} />
            {props.wrong && <span class="small wrong" role="alert">{props.wrong}</span>}
        </div>
    );
}
