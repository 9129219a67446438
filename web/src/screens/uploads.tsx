// SPDX-License-Identifier: GPL-3.0-or-later
// What is being uploaded, in a corner of every screen.
import { useEffect } from 'preact/hooks';
import { clear_done, forget, pause, resume, uploads, type Sending } from '../api/uploads.ts';
import { Button } from '../parts/button.tsx';
import { size } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { t } from '../strings/index.ts';
import './uploads.css';

function One({ one }: { one: Sending }) {
    const share = one.total ? one.sent / one.total : 0;
    return (
        <li>
            <div class="row">
                <span class="cut grow">{one.state === 'done' ? <a href={`#/media/${one.file_id}`}>{one.name}</a> : one.name}</span>
                {one.state === 'done' && <span class="badge good"><Icon name="check" />{t.uploads.done}</span>}
                {one.state === 'sending' && <Button kind="plain tight" icon="pause" label={t.uploads.pause(one.name)} act={() => pause(one.id)} />}
                {(one.state === 'paused' || one.state === 'failed') && <Button kind="plain tight" icon="play" label={t.uploads.resume(one.name)} act={() => resume(one.id)} />}
                {one.state !== 'done' && <Button kind="plain tight" icon="close" label={t.uploads.stop(one.name)} act={() => forget(one.id)} />}
            </div>
            {one.state !== 'done' && <progress class="bar" max={1} value={share} aria-label={one.name} />}
            {one.error ? <p class="small" role="alert" style={{ color: 'var(--bad)' }}>{one.error}</p>
                : one.state !== 'done' && <p class="small muted">{one.state === 'paused' ? t.uploads.paused : one.state === 'waiting' ? t.uploads.waiting : t.uploads.of(size(one.sent), size(one.total))}</p>}
        </li>
    );
}

const STAYS_MS = 8000;

export function Uploads() {
    const all = uploads.value, open = all.filter((one) => one.state !== 'done').length;
    useEffect(() => {
        if (!all.length || open)
            return;
        const timer = setTimeout(clear_done, STAYS_MS);
        return () => clearTimeout(timer);
    }, [all.length, open]);
    if (!all.length)
        return null;
    return (
        <section class="uploads" aria-label={t.uploads.title}>
            <header class="row between">
                <h3>{open ? t.uploads.under_way(open) : t.uploads.all_done}</h3>
                {!open && <Button kind="plain tight" icon="close" label={t.close} act={clear_done} />}
            </header>
            <ul>{all.map((one) => <One key={one.id} one={one} />)}</ul>
        </section>
    );
}
