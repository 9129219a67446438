// SPDX-License-Identifier: GPL-3.0-or-later
// How wrong a transcript is, and how wrong its speakers are.

// Lower case, letters and apostrophes only; "mister" is spelled "mr" by the recognizer's dictionary.
export const words_of = (text) => text.toLowerCase().replaceAll('’', "'").replace(/\(\d\)/g, '').replace(/[^a-z' ]/g, ' ')
    .replace(/\bmister\b/g, 'mr').split(/\s+/).filter((word) => /[a-z]/.test(word));

// Words to insert, drop or change to get from what was said to what was heard (Levenshtein).
export function word_errors(said, heard) {
    const costs = [...heard.keys(), heard.length];
    for (const [i, word] of said.entries()) {
        let diagonal = costs[0];
        costs[0] = i + 1;
        for (let k = 1; k <= heard.length; k++) {
            const change = diagonal + (word !== heard[k - 1]);
            diagonal = costs[k];
            costs[k] = Math.min(change, costs[k] + 1, costs[k - 1] + 1);
        }
    }
    return costs[heard.length];
}

export const read_rttm = (text) => text.split('\n').filter((line) => line.startsWith('SPEAKER')).map((line) => {
    const column = line.split(/\s+/);
    return { start: Number(column[3]), end: Number(column[3]) + Number(column[4]), speaker: column[7] };
});

// Who speaks in each hundredth of a second: a list of sets.
function timeline(turns, length) {
    const heard = Array.from({ length }, () => new Set());
    for (const { start, end, speaker } of turns)
        for (let i = Math.round(start * 100); i < Math.min(length, Math.round(end * 100)); i++)
            heard[i].add(speaker);
    return heard;
}

// The most that one-to-one pairs of left and right can share.
function best_pairs(shared, left, used = new Set()) {
    if (!left.length)
        return 0;
    let most = best_pairs(shared, left.slice(1), used);
    for (const [name, sum] of shared.get(left[0]) ?? [])
        if (!used.has(name))
            most = Math.max(most, sum + best_pairs(shared, left.slice(1), new Set([...used, name])));
    return most;
}

// The diarization error of NIST's md-eval: missed, falsely found and confused speaker time over all speaker time, speakers mapped
// one to one so that it is least. 0.25 s around each border of the reference do not count; overlapping speech does.
export function diarization_error(reference, found, collar = 0.25) {
    const length = Math.ceil(100 * Math.max(0, ...[...reference, ...found].map((turn) => turn.end))) + 1;
    const said = timeline(reference, length), heard = timeline(found, length), counts = new Array(length).fill(true);
    for (const border of reference.flatMap((turn) => [turn.start, turn.end]))
        counts.fill(false, Math.max(0, Math.round((border - collar) * 100)), Math.round((border + collar) * 100));
    let total = 0, most = 0, matched = 0;
    const shared = new Map();
    for (let i = 0; i < length; i++) {
        if (!counts[i])
            continue;
        total += said[i].size;
        most += Math.max(said[i].size, heard[i].size);
        for (const a of said[i])
            for (const b of heard[i]) {
                const row = shared.get(a) ?? shared.set(a, new Map()).get(a);
                row.set(b, (row.get(b) ?? 0) + 1);
            }
    }
    matched = best_pairs(shared, [...shared.keys()]);
    return (most - matched) / total;
}
