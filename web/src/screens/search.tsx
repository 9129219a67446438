// SPDX-License-Identifier: GPL-3.0-or-later
// What the search found: titles and spoken words, each with a way to the very moment.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Failure } from '../parts/field.tsx';
import { clock } from '../parts/format.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { t } from '../strings/index.ts';

type Hit = Shapes['SearchHit'];
const WAIT_MS = 180; // while somebody types
const icons: Record<string, IconName> = { media: 'film', segment: 'words', video: 'film', scene: 'words', layer: 'text' };

// The server sends text with <mark> as its only element; it is taken apart here and never becomes HTML.
function Snippet({ text }: { text: string }) {
    const plain = (part: string) => part.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&');
    return <>{text.split(/(<mark>.*?<\/mark>)/).map((part, i) => (part.startsWith('<mark>') ? <mark key={i}>{plain(part.slice(6, -7))}</mark> : plain(part)))}</>;
}

const href = (hit: Hit) => hit.video_id
    ? `#/edit/${hit.video_id}${hit.scene_id ? `?scene=${hit.scene_id}${hit.layer_id ? `&layer=${hit.layer_id}` : ''}` : ''}`
    : `#/media/${hit.media_id}${hit.second !== null && hit.second !== undefined ? `?at=${hit.second}` : ''}`;

export function Found({ words }: { words: string }) {
    const [answer, set_answer] = useState<Shapes['SearchAnswer'] | null>(null);
    const [failed, set_failed] = useState('');
    useEffect(() => {
        const stop = new AbortController();
        const timer = setTimeout(() => {
            call('GET /api/v1/search', { query: { q: words.trim(), limit: 50 }, signal: stop.signal })
                .then((found) => (set_answer(found), set_failed('')))
                .catch((error) => error.name !== 'AbortError' && set_failed(error.message));
        }, WAIT_MS);
        return () => (clearTimeout(timer), stop.abort());
    }, [words]);
    if (failed)
        return <Failure>{failed}</Failure>;
    if (!answer)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    if (!answer.hits?.length)
        return <div class="empty" role="status"><Icon name="search" /><h2>{t.search.nothing(words.trim())}</h2><p>{t.search.nothing_text}</p></div>;
    return (
        <section class="stack">
            <p class="muted small" role="status">{t.search.count(answer.total ?? 0)}</p>
            <ul class="rows hits" aria-label={t.search.found}>
                {answer.hits.map((hit, i) => (
                    <li key={i}>
                        <a href={href(hit)}>
                            <Icon name={icons[hit.kind ?? ''] ?? 'film'} />
                            <span class="cut">{hit.title}</span>
                            {hit.second !== null && hit.second !== undefined ? <span class="badge">{clock(hit.second)}</span> : <span />}
                            {hit.snippet && <span class="snippet"><Snippet text={hit.snippet} /></span>}
                        </a>
                    </li>
                ))}
            </ul>
        </section>
    );
}
