// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/metrics_process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"

enum { STAT_BYTES = 2048 }; // of /proc/self/stat: 52 numbers

static int64_t count_open_files(void)
{
    int64_t count = -1; // the one that looks
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void set(enum metric_id id, int64_t value)
{
    metric_set(id, value, STR_NONE, STR_NONE);
}

// proc(5), /proc/PID/stat: the name in brackets may hold anything, so that counting starts behind it.
static void read_stat(void)
{
    char text[STAT_BYTES];
    FILE *file = fopen("/proc/self/stat", "re");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[size] = 0;
    const char *rest = strrchr(text, ')');
    long long threads, start, virtual_bytes, resident_pages;
    if (!rest
        || sscanf(rest + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lld %*d %lld %lld %lld", &threads,
               &start, &virtual_bytes, &resident_pages)
               != 4)
        return;
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    int64_t age_us = (int64_t)up.tv_sec * SECOND_US + up.tv_nsec / 1000 - start * SECOND_US / sysconf(_SC_CLK_TCK);
    set(METRIC_process_threads, threads);
    set(METRIC_process_start, clock_now_us() - age_us);
    set(METRIC_process_virtual, virtual_bytes);
    set(METRIC_process_resident, resident_pages * sysconf(_SC_PAGESIZE));
}

void metrics_process_read(const char *data_directory)
{
    struct rusage used;
    struct rlimit files;
    struct statvfs disk;
    getrusage(RUSAGE_SELF, &used);
    set(METRIC_process_cpu, ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SECOND_US + used.ru_utime.tv_usec
                                + used.ru_stime.tv_usec);
    read_stat();
    set(METRIC_process_fds, count_open_files());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        set(METRIC_process_max_fds, (int64_t)files.rlim_cur);
    if (statvfs(data_directory, &disk) == 0)
        set(METRIC_disk_free, (int64_t)disk.f_bavail * (int64_t)disk.f_frsize);
}
