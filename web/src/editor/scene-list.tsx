// SPDX-License-Identifier: GPL-3.0-or-later
// The scenes in their order.
import { Button } from '../parts/button.tsx';
import { clock } from '../parts/format.ts';
import { Frame } from '../parts/frame.tsx';
import { Menu } from '../parts/menu.tsx';
import { reorder_keys, reorder_pointer } from '../parts/reorder.ts';
import { t } from '../strings/index.ts';
import { others } from './live.ts';
import { is_own } from './queue.ts';
import { add_scene, delete_scene, duplicate_scene, poster_time, rendered, reorder_scenes, scene, scenes, select_scene, touched, video, type Scene } from './store.ts';

const version = (one: Scene) => `${video.value?.aspect_ratio}/${one.revision}/${one.layers.map((each) => `${each.id.slice(0, 4)}${each.revision}${each.order_index}`).join()}`;

function Item({ one }: { one: Scene }) {
    const here = others().filter((person) => person.scene_id === one.id), current = scene.value?.id === one.id;
    return (
        <li data-id={one.id} class={`scene-item ${current ? 'current' : ''}`}>
            <button type="button" class="scene-pick" aria-current={current ? 'true' : undefined} aria-label={t.editor.scene_of(one.scene_number, clock(one.duration), one.text.slice(0, 60))} title={t.editor.reorder_hint}
                onClick={() => select_scene(one.id, poster_time(one))} onKeyDown={(event) => reorder_keys(event, one.id, reorder_scenes)} onPointerDown={(event) => reorder_pointer(event, one.id, reorder_scenes)}>
                <span class="picture" style={{ aspectRatio: (video.value?.aspect_ratio ?? '16:9').replace(':', ' / ') }}>
                    {!is_own(one.id) && <Frame video_id={one.video_id} scene_id={one.id} version={version(one)} time={Math.min(one.duration / 2, 1.2)} width={240} />}
                </span>
                <span class="length">{clock(one.duration)}</span>
                <span class="number">{one.scene_number}</span>
                {rendered.value && touched.value.has(one.id) && <span class="changed" title={t.editor.changed_scene}><span class="hidden-text">{t.editor.changed_scene}</span></span>}
                {here.length > 0 && <span class="here">{here.map((person) => <i key={person.socket_id} title={person.username} style={{ background: person.color }} />)}</span>}
            </button>
            <Menu label={t.library.actions(t.editor.scene(one.scene_number))} kind="tight scene-more" items={[
                { label: t.editor.duplicate, icon: 'copy', act: () => duplicate_scene(one.id) },
                { label: t.editor.earlier, icon: 'up', disabled: one.scene_number === 1, act: () => shift(one, -1) },
                { label: t.editor.later, icon: 'down', disabled: one.scene_number === scenes.value.length, act: () => shift(one, 1) },
                { label: t.delete, icon: 'trash', bad: true, act: () => delete_scene(one.id) },
            ]} />
        </li>
    );
}

function shift(one: Scene, by: number) {
    const ids = scenes.value.map((each) => each.id), at = ids.indexOf(one.id);
    ids.splice(at, 1);
    ids.splice(at + by, 0, one.id);
    reorder_scenes(ids);
}

export function SceneList() {
    return (
        <nav class="scenes" aria-label={t.editor.scenes}>
            <ol>{scenes.value.map((one) => <Item key={one.id} one={one} />)}</ol>
            {!scenes.value.length && <p class="muted small">{t.editor.no_scenes}</p>}
            <Button icon="plus" act={add_scene}>{t.editor.add_scene}</Button>
        </nav>
    );
}
