// SPDX-License-Identifier: GPL-3.0-or-later
// A long list of the server's, brought page by page as it comes into view.
import { signal } from '@preact/signals';

const PAGE = 100;

export class Paged<T> {
    readonly items = signal<Map<number, T>>(new Map());
    readonly total = signal<number | null>(null);
    readonly failure = signal<Error | null>(null);
    private asked = new Set<number>();
    private life = 0;
    private readonly read: (offset: number, limit: number) => Promise<{ items: T[]; total: number }>;

    constructor(read: (offset: number, limit: number) => Promise<{ items: T[]; total: number }>) {
        this.read = read;
        void this.load(0);
    }

    private async load(page: number) {
        const life = this.life;
        this.asked.add(page);
        try {
            const { items, total } = await this.read(page * PAGE, PAGE);
            if (life !== this.life)
                return;
            const all = new Map(this.items.value);
            items.forEach((item, i) => all.set(page * PAGE + i, item));
            this.items.value = all;
            this.total.value = total;
            this.failure.value = null;
        } catch (error) {
            if (life !== this.life)
                return;
            this.asked.delete(page);
            this.failure.value = error as Error;
        }
    }

    need(from: number, to: number) {
        for (let page = Math.floor(from / PAGE); page * PAGE < to; page++)
            if (!this.asked.has(page))
                void this.load(page);
    }

    // Reads the pages that are there once more, without a flash of emptiness.
    refresh() {
        const pages = [...this.asked];
        this.life++;
        this.asked.clear();
        for (const page of pages.length ? pages : [0])
            void this.load(page);
    }

    change(test: (item: T) => boolean, become: (item: T) => T) {
        const all = new Map(this.items.value);
        for (const [index, item] of all)
            if (test(item))
                all.set(index, become(item));
        this.items.value = all;
    }
}
