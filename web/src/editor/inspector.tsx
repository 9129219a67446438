// SPDX-License-Identifier: GPL-3.0-or-later
// Every property of what is selected (a layer, the scene, the video), from the server's own table.
import { signal } from '@preact/signals';
import { properties } from 'kinora:properties';
import { Button } from '../parts/button.tsx';
import { t } from '../strings/index.ts';
import { drawer } from './drawer-state.ts';
import { Field } from './fields.tsx';
import type { Property } from './property.ts';
import { change_layer, change_scene, change_video, layer, may_change, refused, scene, video, type Layer } from './store.ts';

export const subject = signal<'selection' | 'video'>('selection');
const folded = signal<Set<string>>(new Set());

// What belongs together, in the order in which one wants it; the rest follows.
const groups: Array<[keyof typeof t.editor.groups, RegExp]> = [
    ['content', /^(text|media_id|media_type|audio_id|voice_id|avatar_id|shape|effect|intensity|fill|color|sides|flip|fit|loop|start_from|speed|pitch|volume|ducking|fade_in|fade_out|mode)$/],
    ['place', /^(position|scale|rotation|opacity|width|height|max_width|crop)$/],
    ['letters', /^(font_family|font_size|font_weight|font_style|text_align|line_height|letter_spacing|background_color|padding|highlight_color)$/],
    ['edges', /^(stroke|shadow|border|radius)$/],
    ['motion', /^(animation|animation_in|animation_out|animation_duration|easing|start_at)$/],
    ['more', /./],
];

export function label_of(name: string): string {
    const names = t.properties as Record<string, string>;
    return names[name] ?? (name.charAt(0).toUpperCase() + name.slice(1)).replace(/_/g, ' ');
}

interface RowsProps { rows: Property[]; values: Record<string, any>; prefix: string; target: string; set: (path: string[], value: any) => void }
const pick = (row: Property) => void (drawer.value = { tab: /audio/.test(row.name) ? 'audio' : /voice/.test(row.name) ? 'voices' : /avatar/.test(row.name) ? 'avatars' : 'media', into: row.name });

function Rows({ rows, values, prefix, target, set }: RowsProps) {
    return <>{rows.map((row) => {
        const path = `${prefix}${row.name}`, wrong = refused.value?.target === target && refused.value.field === path ? refused.value.message : undefined;
        if (row.members)
            return (
                <fieldset key={path} class="members">
                    <legend>{label_of(row.name)}{values[row.name] !== undefined && row.name !== 'position' && <Button kind="plain tight" icon="close" label={t.editor.clear(label_of(row.name))} act={() => set([...prefix.split('.').filter(Boolean), row.name], null)} />}</legend>
                    {row.kind === 'fill' && typeof values[row.name] === 'string'
                        ? <Field row={{ ...row, name: 'color', kind: 'color' }} label={label_of('color')} value={values[row.name]} set={(value) => set([row.name], value)} path={path} wrong={wrong} />
                        : <Rows rows={row.members} values={values[row.name] ?? {}} prefix={`${path}.`} target={target} set={set} />}
                </fieldset>
            );
        return <Field key={`${target}${path}`} row={row} label={label_of(row.name)} value={values[row.name]} path={path} wrong={wrong} pick={pick} set={(value) => set([...prefix.split('.').filter(Boolean), row.name], value)} />;
    })}</>;
}

const nested = (path: string[], value: any): any => path.reduceRight((inside, key) => ({ [key]: inside }), value);

function Grouped({ rows, values, target, set }: Omit<RowsProps, 'prefix'>) {
    const left = new Set(rows);
    return <>{groups.map(([name, fits]) => {
        const own = rows.filter((row) => left.has(row) && fits.test(row.name));
        own.forEach((row) => left.delete(row));
        if (!own.length)
            return null;
        const open = !folded.value.has(name);
        const toggle = () => { const next = new Set(folded.value); if (!next.delete(name)) next.add(name); folded.value = next; };
        return (
            <section key={name} class="group">
                <h3><button type="button" class="fold" aria-expanded={open} onClick={toggle}>{t.editor.groups[name]}</button></h3>
                {open && <Rows rows={own} values={values} prefix="" target={target} set={set} />}
            </section>
        );
    })}</>;
}

const timing = (): Property[] => [
    { name: 'name', kind: 'string', max: 255, required: true }, { name: 'start_time', kind: 'number', min: 0, max: 36000 }, { name: 'duration', kind: 'number', min: 0.04, max: 36000 },
];

function OfLayer({ one }: { one: Layer }) {
    const still = !may_change(one.id);
    return (
        <fieldset class="bare" disabled={still}>
            <section class="group">
                <Rows rows={timing()} values={one as any} prefix="" target={one.id} set={([name], value) => value !== null && change_layer(one.id, { [name!]: value })} />
            </section>
            <Grouped rows={properties[one.type]!} values={one.properties} target={one.id} set={(path, value) => change_layer(one.id, { properties: nested(path, value) })} />
        </fieldset>
    );
}

export function Inspector() {
    const one = layer.value, place = scene.value, whole = video.value;
    const own = subject.value === 'video' ? 'video' : one ? 'layer' : 'scene';
    return (
        <aside class="inspector" aria-label={t.editor.inspector}>
            <header class="tabs" role="group" aria-label={t.editor.properties_of}>
                <Button aria-pressed={own !== 'video'} act={() => void (subject.value = 'selection')}>{one ? t.editor.types[one.type] : t.editor.this_scene}</Button>
                <Button aria-pressed={own === 'video'} act={() => void (subject.value = 'video')}>{t.editor.whole_video}</Button>
            </header>
            {own === 'layer' && one && <OfLayer key={one.id} one={one} />}
            {own === 'scene' && place && (
                <div key={place.id}>
                    <section class="group"><Rows rows={[{ name: 'duration', kind: 'number', min: 0.04, max: 36000 }]} values={place as any} prefix="" target={place.id} set={(_, value) => value !== null && change_scene(place.id, { duration: value, duration_mode: 'fixed' })} /></section>
                    <section class="group"><Rows rows={properties.scene!} values={place as any} prefix="" target={place.id} set={(path, value) => change_scene(place.id, nested(path, value))} /></section>
                </div>
            )}
            {own === 'video' && whole && (
                <div>
                    <section class="group"><Rows rows={[{ name: 'title', kind: 'string', max: 255, required: true }]} values={whole as any} prefix="" target={whole.id!} set={(_, value) => value && change_video({ title: value })} /></section>
                    <section class="group"><Rows rows={properties.video!} values={whole as any} prefix="" target={whole.id!} set={(path, value) => change_video(nested(path, value))} /></section>
                </div>
            )}
        </aside>
    );
}
