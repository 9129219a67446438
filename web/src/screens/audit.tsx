// SPDX-License-Identifier: GPL-3.0-or-later
// Who did what: the audit log, newest first.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Failure, TextField } from '../parts/field.tsx';
import { moment } from '../parts/format.ts';
import { t } from '../strings/index.ts';

type Entry = Shapes['AuditEntry'];

export function Audit() {
    const [entries, set_entries] = useState<Entry[] | null>(null);
    const [total, set_total] = useState(0);
    const [actor, set_actor] = useState('');
    const [failed, set_failed] = useState('');
    const read = async (page: number, before: Entry[], who = actor) => {
        set_failed('');
        try {
            const told = await call('GET /api/v1/admin/audit', { query: { page, limit: 20, ...(who && { actor: who }) } });
            set_entries([...before, ...told.entries]);
            set_total(told.pagination.total_items ?? 0);
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    useEffect(() => void read(1, []), []);
    const search = (event: Event) => {
        const who = (event.currentTarget as HTMLInputElement).value.trim();
        set_actor(who);
        void read(1, [], who);
    };
    return (
        <section class="stack">
            <header class="row between"><h2>{t.admin.audit}</h2><TextField label={t.admin.audit_who} name="actor" onChange={search} autocomplete="off" /></header>
            {failed && <Failure>{failed}</Failure>}
            <div class="table-box">
                <table class="table">
                    <thead><tr><th>{t.admin.audit_when}</th><th>{t.admin.audit_who}</th><th>{t.admin.audit_what}</th><th>{t.admin.audit_about}</th><th>{t.admin.audit_from}</th></tr></thead>
                    <tbody>
                        {entries?.map((one) => (
                            <tr key={one.number}>
                                <td>{moment(one.at)}</td>
                                <td>{one.actor ?? (one.actor_id == null ? '–' : t.admin.audit_deleted(one.actor_id))} {one.api_key && <span class="badge">{t.admin.audit_key}</span>}</td>
                                <td><code class="mono">{one.action}</code> {one.outcome !== 'ok' && <span class="badge bad">{one.outcome}</span>}</td>
                                <td>{[one.object_kind, one.object_id, one.detail].filter(Boolean).join(' · ')}</td><td>{one.address}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {entries && entries.length < total && <Button act={() => read(entries.length / 20 + 1, entries)}>{t.more}</Button>}
        </section>
    );
}
