// SPDX-License-Identifier: GPL-3.0-or-later
// The server's run-time settings, from its own description of them.
import { settings as rows } from 'kinora:properties';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Failure } from '../parts/field.tsx';
import { toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import type { Property } from '../editor/property.ts';

function Row({ row, value, secret, change, wrong }: { row: Property; value: any; secret: boolean; change: (value: any) => void; wrong?: string }) {
    const id = `setting-${row.name}`;
    const settle = (event: Event) => {
        const field = event.currentTarget as HTMLInputElement;
        const next = row.kind === 'boolean' ? field.checked : row.kind === 'number' ? (field.value === '' ? null : Number(field.value)) : field.value;
        if (next !== (value ?? ''))
            change(next);
    };
    return (
        <div class="setting">
            <label for={id}><b>{row.name}</b><span class="small muted">{row.doc}</span></label>
            {row.kind === 'boolean' ? <input id={id} type="checkbox" class="switch" checked={!!value} onChange={settle} />
                : <input id={id} class="input tight" type={secret ? 'password' : row.kind === 'number' ? 'number' : 'text'} min={row.min} max={row.max} value={secret ? '' : value ?? ''} placeholder={secret && value ? t.admin.is_set : ''} autocomplete="off" onChange={settle} />}
            {wrong && <span class="small wrong" role="alert">{wrong}</span>}
        </div>
    );
}

export function Settings() {
    const [values, set_values] = useState<Record<string, any> | null>(null);
    const [failed, set_failed] = useState<{ field: string; text: string } | null>(null);
    useEffect(() => void call('GET /api/v1/settings').then((told) => set_values(told as Record<string, any>)).catch((error) => set_failed({ field: '', text: error.message })), []);
    const change = async (name: string, value: any) => {
        set_failed(null);
        try {
            set_values((await call('PUT /api/v1/settings', { body: { [name]: value } as never })) as Record<string, any>);
            toast(t.saved);
        } catch (error) {
            set_failed({ field: name, text: (error as Error).message });
        }
    };
    if (!values)
        return failed ? <Failure>{failed.text}</Failure> : null;
    return (
        <section class="stack">
            <h2>{t.admin.settings}</h2>
            <div class="rows">
                {rows.map((row) => <Row key={row.name} row={row} secret={`has_${row.name}` in values} value={values[row.name] ?? values[`has_${row.name}`]} wrong={failed?.field === row.name ? failed.text : undefined} change={(value) => void change(row.name, value)} />)}
            </div>
        </section>
    );
}
