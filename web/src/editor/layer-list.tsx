// SPDX-License-Identifier: GPL-3.0-or-later
// The layers of the scene, the front-most on top.
import { Button } from '../parts/button.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { reorder_keys, reorder_pointer } from '../parts/reorder.ts';
import { t } from '../strings/index.ts';
import { others } from './live.ts';
import { change_layer, delete_layer, duplicate_layer, layer_id, layers, may_change, reorder_layers, scene, type Layer, type LayerType } from './store.ts';

export const type_icon: Record<LayerType, IconName> = { audio: 'sound', voiceover: 'voice', text: 'text', media: 'picture', shape: 'shape', avatar: 'avatar', effect: 'effect' };

function Item({ one }: { one: Layer }) {
    const order = (ids: string[]) => scene.value && reorder_layers(scene.value, ids);
    const current = layer_id.value === one.id, here = others().filter((person) => person.layer_id === one.id);
    return (
        <li data-id={one.id} class={`layer-item ${current ? 'current' : ''} ${one.enabled ? '' : 'off'}`}>
            <button type="button" class="layer-pick" aria-current={current ? 'true' : undefined} title={t.editor.reorder_hint} onClick={() => (layer_id.value = one.id)}
                onKeyDown={(event) => reorder_keys(event, one.id, order)} onPointerDown={(event) => reorder_pointer(event, one.id, order)}>
                <Icon name={type_icon[one.type]} /><span class="cut">{one.name}</span>
                {here.map((person) => <i key={person.socket_id} class="dot" title={person.username} style={{ background: person.color }} />)}
            </button>
            <Button kind="plain tight" icon={one.enabled ? 'eye' : 'hidden'} label={one.enabled ? t.editor.hide(one.name) : t.editor.show(one.name)} disabled={!may_change(one.id)} act={() => change_layer(one.id, { enabled: !one.enabled })} />
            {current && <Button kind="plain tight" icon="copy" label={t.editor.duplicate_of(one.name)} disabled={!may_change(one.id)} act={() => duplicate_layer(one.id)} />}
            {current && <Button kind="plain tight" icon="trash" label={t.editor.delete_of(one.name)} act={() => delete_layer(one.id)} />}
        </li>
    );
}

export function LayerList() {
    return (
        <section class="layer-list" aria-label={t.editor.layers}>
            <h3>{t.editor.layers}</h3>
            {layers.value.length ? <ul>{layers.value.map((one) => <Item key={one.id} one={one} />)}</ul> : <p class="muted small">{t.editor.no_layers}</p>}
        </section>
    );
}
