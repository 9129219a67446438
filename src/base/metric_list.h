// SPDX-License-Identifier: GPL-3.0-or-later
// Every metric of /metrics: name here, name outside, kind, first and second label (NULL: none), sentence.
// Included with METRIC defined. Kinds are those of metric.h.

// Document 004
METRIC(job_duration, "job_processing_duration_seconds", SECONDS, "kind", "outcome",
    "Seconds from a job's first start until it was completed; of a failed attempt, its own seconds")
METRIC(job_queue, "job_queue_size", GAUGE, "kind", "status", "Jobs that wait or run, on all machines of the database")
METRIC(job_retries, "job_retry_count", COUNTER, "kind", NULL, "Attempts at a job after its first one")
METRIC(storage, "storage_bytes", GAUGE, "place", NULL, "Bytes of files as stored, compressed and sealed")
METRIC(db_connections, "db_connections", GAUGE, NULL, NULL, "Open connections to the database")
METRIC(upload_duration, "upload_duration_seconds", SECONDS, NULL, NULL, "Seconds that an accepted upload took")
METRIC(upload_bytes, "upload_bytes_total", COUNTER, NULL, NULL, "Bytes of bodies of accepted uploads")
METRIC(upload_errors, "upload_errors_total", COUNTER, "reason", NULL, "Uploads that were refused (HTTP status) or lost")
// HTTP
METRIC(http_requests, "http_requests_total", COUNTER, "method", "status", "Answered requests")
METRIC(http_duration, "http_request_duration_seconds", SECONDS, "lane", NULL,
    "Seconds from a request's first byte to the last of its answer")
METRIC(http_sent, "http_response_bytes_total", COUNTER, NULL, NULL, "Bytes of answers, heads included")
// Work
METRIC(transcription_factor, "transcription_realtime_factor", RATIO, NULL, NULL,
    "Seconds of work for a second of recording, from the first start to the end")
METRIC(render_factor, "render_realtime_factor", RATIO, NULL, NULL,
    "Seconds of work for a second of film, from the first start to the end")
METRIC(cache, "cache_requests_total", COUNTER, "result", NULL, "Looks into the cache of speech and pieces of films")
// Events
METRIC(event_lag, "event_lag_seconds", SECONDS, NULL, NULL, "Seconds from a change until its event was delivered here")
METRIC(event_delivered, "event_delivered_number", GAUGE, NULL, NULL, "Number of the last event delivered here")
METRIC(event_newest, "event_newest_number", GAUGE, NULL, NULL, "Number of the newest event in the database")
METRIC(spans, "trace_spans_total", COUNTER, "outcome", NULL,
    "Spans that were sent to the collector, dropped since the queue was full, or lost since it took none")
// Backups
METRIC(backup_made, "backup_last_made_timestamp_seconds", GAUGE_US, NULL, NULL, "When the last backup was made")
METRIC(backup_verified, "backup_last_verified_timestamp_seconds", GAUGE_US, NULL, NULL,
    "When a backup was last restored into a scratch place and found to be whole")
METRIC(backup_failed, "backup_last_failed_timestamp_seconds", GAUGE_US, NULL, NULL, "When a backup last failed")
// Process: the names that Prometheus' own libraries use
METRIC(process_cpu, "process_cpu_seconds_total", COUNTER_US, NULL, NULL, "Processor seconds of this process")
METRIC(process_start, "process_start_time_seconds", GAUGE_US, NULL, NULL, "When this process began, Unix time")
METRIC(process_resident, "process_resident_memory_bytes", GAUGE, NULL, NULL, "Resident memory")
METRIC(process_virtual, "process_virtual_memory_bytes", GAUGE, NULL, NULL, "Virtual memory")
METRIC(process_fds, "process_open_fds", GAUGE, NULL, NULL, "Open file descriptors")
METRIC(process_max_fds, "process_max_fds", GAUGE, NULL, NULL, "Most file descriptors that may be open")
METRIC(process_threads, "process_threads", GAUGE, NULL, NULL, "Threads")
METRIC(disk_free, "disk_free_bytes", GAUGE, NULL, NULL, "Free bytes on the disk of the data folder")
