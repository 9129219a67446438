// SPDX-License-Identifier: GPL-3.0-or-later
// Two processes take one thing after the other from a shared counter. Beside its files a thing leaves its entry of the
// list in entries/, written last: what an interrupted run has finished is kept, and so is what was made by the same
// sources. The list of all is put together from them at the end.
#include "pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const size_t item_memory_max = (size_t)1 << 30; // bytes: three minutes of sound several times over
enum { BAR_WIDTH = 40, PROCESSES_MAX = 16 };
static const char *const folders[] = { "audio", "images", "videos", "gifs", "thumbnails", "waveforms", "entries" };

struct task {
    enum item_kind kind;
    size_t index;
};

struct pack {
    const struct pack_order *order;
    struct arena *arena;
    struct task *tasks, *all; // to be made; all of them
    size_t count, all_count;
    struct shared {
        atomic_size_t next, done;
        atomic_bool failed;
    } * shared;
};

bool pack_in_sample(size_t index, size_t count, int sample)
{
    if (!sample || (size_t)sample >= count)
        return true;
    size_t number = index * (size_t)sample / count; // the one of the sample whose turn it is
    return index == (number * count + (size_t)sample - 1) / (size_t)sample;
}

static const char *entry_name(struct arena *arena, enum item_kind kind, const char *slug)
{
    return str_format(arena, "entries/%s-%s.json", item_sources[kind].folder, slug).data;
}

static bool is_there(const struct pack *pack, const char *name)
{
    struct stat about;
    return !name || stat(str_format(pack->arena, "%s/%s", pack->order->folder, name).data, &about) == 0;
}

// Whether the thing was made by the same sources and is still whole.
static bool is_made(struct pack *pack, struct task task)
{
    struct item item = item_sources[task.kind].item(task.index);
    BUFFER_AUTO struct buffer bytes = { 0 };
    json_t *entry = NULL;
    struct stat about;
    if (error_is(pack_read(pack->order->folder, entry_name(pack->arena, task.kind, item.slug), &bytes))
        || error_is(json_read(pack->arena, buffer_str(&bytes), &entry))
        || !str_equal_c(json_get_str(entry, "made_by"), item.made_by)
        || !is_there(pack, json_string_value(json_object_get(entry, "thumbnail")))
        || !is_there(pack, json_string_value(json_object_get(entry, "waveform"))))
        return false;
    const char *file = json_get_str(entry, "file").data;
    return file && stat(str_format(pack->arena, "%s/%s", pack->order->folder, file).data, &about) == 0
           && about.st_size == json_get_int(entry, "size_bytes", -1);
}

// The slow ones first, so that no process is left with one at the end.
static void plan(struct pack *pack)
{
    static const enum item_kind order[] = { ITEM_VIDEO, ITEM_MUSIC, ITEM_IMAGE, ITEM_GIF, ITEM_EFFECT };
    size_t most = 0;
    for (size_t i = 0; i < ITEM_KIND_COUNT; i++)
        most += item_sources[i].count();
    pack->tasks = ARENA_ARRAY(pack->arena, struct task, most);
    pack->all = ARENA_ARRAY(pack->arena, struct task, most);
    for (size_t i = 0; i < ITEM_KIND_COUNT; i++) {
        size_t count = item_sources[order[i]].count();
        for (size_t index = 0; index < count; index++) {
            struct task task = { order[i], index };
            if (!pack_in_sample(index, count, pack->order->sample))
                continue;
            pack->all[pack->all_count++] = task;
            if (!is_made(pack, task))
                pack->tasks[pack->count++] = task;
        }
    }
}

static error make_one(const struct pack *pack, struct task task)
{
    const struct item_source *source = &item_sources[task.kind];
    const char *folder = pack->order->folder;
    struct item item = source->item(task.index);
    ARENA_AUTO struct arena *arena = arena_new(item_memory_max);
    PRODUCT_AUTO struct product product = { 0 };
    json_t *entry;
    TRY(source->make(arena, task.index, &product));
    TRY(pack_describe(arena, task.kind, task.index, &product, &entry));
    TRY(pack_write(folder, json_get_str(entry, "file").data, buffer_str(&product.file)));
    if (product.thumbnail.size)
        TRY(pack_write(folder, json_get_str(entry, "thumbnail").data, buffer_str(&product.thumbnail)));
    if (product.waveform.size)
        TRY(pack_write(folder, json_get_str(entry, "waveform").data, buffer_str(&product.waveform)));
    return pack_write(folder, entry_name(arena, task.kind, item.slug), json_text(arena, entry));
}

static void work(const struct pack *pack)
{
    while (!atomic_load(&pack->shared->failed)) {
        size_t number = atomic_fetch_add(&pack->shared->next, 1);
        if (number >= pack->count)
            return;
        struct task task = pack->tasks[number];
        error failed = make_one(pack, task);
        if (error_is(failed)) {
            fprintf(stderr, "\nkinora-stock: %s: %s\n", item_sources[task.kind].item(task.index).slug, failed.message);
            atomic_store(&pack->shared->failed, true);
            return;
        }
        atomic_fetch_add(&pack->shared->done, 1);
    }
}

static void show_progress(const struct pack *pack, size_t *shown)
{
    size_t done = atomic_load(&pack->shared->done), tenths = done * 10 / pack->count;
    if (pack->order->quiet || done == *shown)
        return;
    if (isatty(STDERR_FILENO)) {
        int full = (int)(done * BAR_WIDTH / pack->count);
        fprintf(stderr, "\rStock pack [%.*s%*s] %zu of %zu%s", full, "########################################",
            BAR_WIDTH - full, "", done, pack->count, done == pack->count ? "\n" : "");
    } else if (tenths != *shown * 10 / pack->count)
        fprintf(stderr, "Stock pack: %zu of %zu\n", done, pack->count);
    *shown = done;
}

static error run_workers(struct pack *pack)
{
    int running = 0, status;
    pid_t parent = getpid();
    fflush(NULL);
    for (int i = 0; i < pack->order->processes; i++) {
        pid_t child = fork();
        if (child < 0)
            return error_system("start", "a process", errno);
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            if (getppid() == parent)
                work(pack);
            _exit(atomic_load(&pack->shared->failed) ? 1 : 0);
        }
        running++;
    }
    bool broken = false;
    size_t shown = 0;
    while (running) {
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended > 0) {
            running--;
            broken |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        } else
            usleep(50000);
        show_progress(pack, &shown);
    }
    return broken ? error_make(ERROR_INTERNAL_ERROR, NULL, "The stock pack could not be made") : OK;
}

static int by_slug(const void *left, const void *right)
{
    const struct task *a = left, *b = right;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : (a->index > b->index) - (a->index < b->index);
}

// Removes what is in the folders and in no entry: an older pack's.
static void sweep(const struct pack *pack, const json_t *known)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        DIR *folder = opendir(str_format(pack->arena, "%s/%s", pack->order->folder, folders[i]).data);
        if (!folder)
            continue;
        for (struct dirent *file; (file = readdir(folder));) {
            const char *name = str_format(pack->arena, "%s/%s", folders[i], file->d_name).data;
            if (file->d_name[0] != '.' && !json_object_get(known, name))
                unlink(str_format(pack->arena, "%s/%s", pack->order->folder, name).data);
        }
        closedir(folder);
    }
}

static error write_list(struct pack *pack)
{
    struct arena *arena = pack->arena;
    json_t *list = json_keep(arena, json_object()), *items = json_array(), *known = json_keep(arena, json_object());
    json_object_set_new(list, "version", json_integer(1));
    json_object_set_new(list, "items", items);
    qsort(pack->all, pack->all_count, sizeof *pack->all, by_slug);
    for (size_t i = 0; i < pack->all_count; i++) {
        BUFFER_AUTO struct buffer bytes = { 0 };
        json_t *entry;
        struct item item = item_sources[pack->all[i].kind].item(pack->all[i].index);
        const char *name = entry_name(arena, pack->all[i].kind, item.slug);
        TRY(pack_read(pack->order->folder, name, &bytes));
        TRY(json_read(arena, buffer_str(&bytes), &entry));
        json_object_del(entry, "made_by");
        json_array_append(items, entry);
        json_object_set_new(known, name, json_true());
        static const char *const keys[] = { "file", "thumbnail", "waveform" };
        for (size_t key = 0; key < 3; key++)
            if (json_string_value(json_object_get(entry, keys[key])))
                json_object_set_new(known, json_string_value(json_object_get(entry, keys[key])), json_true());
    }
    TRY(pack_write(pack->order->folder, "stock.json", json_text(arena, list)));
    sweep(pack, known);
    return OK;
}

static error make_folders(const struct pack *pack)
{
    const char *folder = pack->order->folder;
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return error_system("make", folder, errno);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const char *path = str_format(pack->arena, "%s/%s", folder, folders[i]).data;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return error_system("make", path, errno);
    }
    return OK;
}

static void unlock(int *lock)
{
    if (*lock >= 0)
        close(*lock);
}

error pack_make(const struct pack_order *order)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    struct pack pack = { .order = order, .arena = arena };
    TRY(make_folders(&pack));
    __attribute__((cleanup(unlock))) int lock = open(order->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) < 0) // one at a time; a second finds all of it made
        return error_system("lock", order->folder, errno);
    plan(&pack);
    pack.shared = mmap(NULL, sizeof *pack.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pack.shared == MAP_FAILED)
        return error_system("share", "memory", errno);
    error failed = pack.count ? run_workers(&pack) : OK;
    munmap(pack.shared, sizeof *pack.shared);
    TRY(failed);
    return write_list(&pack);
}
