// SPDX-License-Identifier: GPL-3.0-or-later
// Every start-up setting: member, environment name, default, (least, most), sentence.
// The flag is the member with dashes; the key in the file is the member. A SECRET is never shown.

#ifndef SETTING_LIVE_TEXT // who makes no difference
#define SETTING_LIVE_TEXT SETTING_TEXT
#define SETTING_LIVE_SECRET SETTING_SECRET
#define SETTING_LIVE_INT SETTING_INT
#define SETTING_LIVE_FLAG SETTING_FLAG
#endif

SETTING_TEXT(data, "KINORA_DATA", "./data", "Folder for the database, keys and files")
SETTING_TEXT(listen, "KINORA_LISTEN", "127.0.0.1:8000", "Address and port to listen on")
SETTING_TEXT(config, "KINORA_CONFIG", "", "Configuration file; default DATA/kinora.conf, then /etc/kinora/kinora.conf")
SETTING_TEXT(database_url, "KINORA_DATABASE_URL", "",
    "sqlite:///PATH or postgresql://…; default what postgres_host and its kin say, else DATA/kinora.db")
SETTING_TEXT(
    postgres_host, "POSTGRES_HOST", "", "PostgreSQL server instead of a URL; default localhost with a password")
SETTING_INT(postgres_port, "POSTGRES_PORT", 5432, 1, 65535, "Its port")
SETTING_TEXT(postgres_user, "POSTGRES_USER", "kinora", "User there")
SETTING_SECRET(postgres_password, "POSTGRES_PASSWORD", "Password there")
SETTING_TEXT(postgres_db, "POSTGRES_DB", "kinora", "Database there")
SETTING_TEXT(
    master_key_file, "KINORA_MASTER_KEY_FILE", "", "File with the 32-byte master key; default DATA/keys/master.key")
SETTING_TEXT(blob_store, "KINORA_BLOB_STORE", "", "Where new files go: local or s3; default s3 when s3_endpoint is set")
SETTING_TEXT(s3_endpoint, "KINORA_S3_ENDPOINT", "", "Object store, such as https://s3.eu-central-1.amazonaws.com")
SETTING_TEXT(s3_bucket, "KINORA_S3_BUCKET", "kinora", "Bucket in the object store; it must exist")
SETTING_TEXT(s3_region, "KINORA_S3_REGION", "us-east-1", "Region of the bucket")
SETTING_SECRET(s3_access_key, "KINORA_S3_ACCESS_KEY", "Access key of the object store")
SETTING_SECRET(s3_secret_key, "KINORA_S3_SECRET_KEY", "Secret of the access key")
SETTING_SECRET(s3_session_token, "KINORA_S3_SESSION_TOKEN", "Session token, with temporary keys")
SETTING_TEXT(s3_style, "KINORA_S3_STYLE", "path", "path (https://HOST/BUCKET/KEY) or host (https://BUCKET.HOST/KEY)")
SETTING_TEXT(s3_prefix, "KINORA_S3_PREFIX", "", "Beginning of every key; no other Kinora may share bucket and prefix")
SETTING_TEXT(
    s3_ca, "KINORA_S3_CA", "", "Certificates (PEM) that the object store's is checked by; default the system's")
SETTING_INT(s3_timeout, "KINORA_S3_TIMEOUT", 30, 1, 3600, "Seconds without a byte until a request is tried again")
SETTING_TEXT(engine_path, "KINORA_ENGINE", "", "Path of kinora-engine; default beside kinora")
SETTING_TEXT(stock, "KINORA_STOCK", "",
    "Folder of the stock that everybody has; default stock beside kinora, then /usr/share/kinora/stock")
SETTING_TEXT(tls_cert, "KINORA_TLS_CERT", "", "Certificate chain (PEM); with tls_key the server speaks TLS")
SETTING_TEXT(tls_key, "KINORA_TLS_KEY", "", "Private key (PEM)")
SETTING_FLAG(tls_self_signed, "KINORA_TLS_SELF_SIGNED", false,
    "TLS with a certificate of Kinora's own making, kept in DATA/tls; browsers warn")
SETTING_SECRET(setup_code, "KINORA_SETUP_CODE", "Code that the first account needs when listening beyond loopback")
SETTING_TEXT(trusted_proxies, "KINORA_TRUSTED_PROXIES", "",
    "Proxies in front, as addresses and networks (10.0.0.2,fd00::/8): their X-Forwarded-For is believed")
SETTING_TEXT(cors_origins, "KINORA_CORS_ORIGINS", "",
    "Sites whose pages may ask this server from a browser, such as https://studio.example.org,https://…, or *")
SETTING_INT(
    hsts, "KINORA_HSTS", 31536000, 0, 63072000, "Seconds that browsers shall insist on TLS, once they had it; 0: off")
SETTING_TEXT(rate_limit, "KINORA_RATE_LIMIT", "on", "Per-user request limit: on or off")
SETTING_TEXT(log_format, "KINORA_LOG_FORMAT", "auto", "auto (readable on a terminal), text or json")
SETTING_TEXT(log_level, "KINORA_LOG_LEVEL", "info", "debug, info, warn or error")
SETTING_LIVE_INT(token_ttl, "KINORA_TOKEN_TTL", 86400, 1, 31536000, "Seconds until an access token expires")
SETTING_INT(socket_connect_timeout, "KINORA_SOCKET_CONNECT_TIMEOUT", 45, 1, 3600,
    "Seconds that a new live connection has to say who it is")
SETTING_INT(workers, "KINORA_WORKERS", 0, 0, 256, "Jobs of each kind at a time; 0: one per core")
SETTING_TEXT(slots, "KINORA_SLOTS", "", "Jobs at a time by kind, such as render=2,download=4; others as workers says")
SETTING_INT(drain_timeout, "KINORA_DRAIN_TIMEOUT", 0, 0, 86400,
    "Seconds that running jobs get to end when the program stops; then others go on with them")
SETTING_INT(job_retention_days, "KINORA_JOB_RETENTION_DAYS", 30, 0, 36500,
    "Days until finished jobs are forgotten that nothing refers to; 0: never")
SETTING_INT(audit_retention_days, "KINORA_AUDIT_RETENTION_DAYS", 365, 0, 36500,
    "Days that the audit log goes back; 0: for ever")
SETTING_INT(handler_threads, "KINORA_HANDLER_THREADS", 0, 0, 256,
    "Threads for requests; 0: one more than cores, or with PostgreSQL 5 to 20 as they are needed")
SETTING_LIVE_INT(max_upload_bytes, "KINORA_MAX_UPLOAD_BYTES", 10737418240, 1, 1099511627776, "Largest upload in bytes")
SETTING_INT(render_cache_bytes, "KINORA_RENDER_CACHE_BYTES", 21474836480, 0, 1099511627776,
    "Room for spoken sentences, pieces of films and drafts, so that a change renders little anew")
SETTING_LIVE_TEXT(asr_url, "KINORA_ASR_URL", "", "Speech engine openai: server with POST /v1/audio/transcriptions")
SETTING_LIVE_SECRET(asr_key, "KINORA_ASR_KEY", "Speech engine openai: API key, where the server wants one")
SETTING_LIVE_TEXT(
    asr_model, "KINORA_ASR_MODEL", "whisper-1", "Speech engine openai: model that the server is asked for")
SETTING_TEXT(
    whisper_cli, "KINORA_WHISPER_CLI", "", "Speech engine whisper: its program; default whisper-cli on the PATH")
SETTING_TEXT(whisper_model, "KINORA_WHISPER_MODEL", "", "Speech engine whisper: model file (ggml-….bin) of the program")
SETTING_LIVE_TEXT(
    whisper_url, "KINORA_WHISPER_URL", "", "Speech engine whisper: whisper.cpp's server, instead of the program")
SETTING_LIVE_INT(
    asr_timeout, "KINORA_ASR_TIMEOUT", 1800, 1, 86400, "Seconds that whisper or openai may take for a few minutes")
SETTING_TEXT(tts_url, "KINORA_TTS_URL", "", "Voices openai: server with POST /v1/audio/speech")
SETTING_SECRET(tts_key, "KINORA_TTS_KEY", "Voices openai: API key, where the server wants one")
SETTING_TEXT(tts_model, "KINORA_TTS_MODEL", "tts-1", "Voices openai: model that the server is asked for")
SETTING_TEXT(piper, "KINORA_PIPER", "", "Voice piper: its program; default piper on the PATH")
SETTING_TEXT(piper_model, "KINORA_PIPER_MODEL", "", "Voice piper: file of its voice (….onnx)")
SETTING_INT(tts_timeout, "KINORA_TTS_TIMEOUT", 60, 1, 3600, "Seconds that openai or piper may take for a sentence")
SETTING_TEXT(image_url, "KINORA_IMAGE_URL", "", "Pictures openai: server with POST /v1/images/generations")
SETTING_SECRET(image_key, "KINORA_IMAGE_KEY", "Pictures openai: API key, where the server wants one")
SETTING_TEXT(image_model, "KINORA_IMAGE_MODEL", "", "Pictures openai: model that the server is asked for, if any")
SETTING_INT(image_timeout, "KINORA_IMAGE_TIMEOUT", 60, 1, 3600, "Seconds that openai may take for a picture")
SETTING_LIVE_INT(
    max_audio_bytes, "KINORA_MAX_AUDIO_BYTES", 0, 0, 1099511627776, "Largest sound in bytes; 0: any upload")
SETTING_LIVE_INT(max_video_bytes, "KINORA_MAX_VIDEO_BYTES", 0, 0, 1099511627776, "Largest film in bytes; 0: any upload")
SETTING_LIVE_INT(max_image_bytes, "KINORA_MAX_IMAGE_BYTES", 536870912, 0, 1099511627776,
    "Largest still picture in bytes; 0: any upload")
SETTING_LIVE_INT(max_gif_bytes, "KINORA_MAX_GIF_BYTES", 536870912, 0, 1099511627776,
    "Largest animated picture in bytes; 0: any upload")
SETTING_LIVE_INT(default_quota_bytes, "KINORA_DEFAULT_QUOTA_BYTES", 0, 0, 1125899906842624,
    "Bytes of media that a user may keep who has no quota of their own; 0: no limit")
SETTING_LIVE_INT(upload_lifetime, "KINORA_UPLOAD_LIFETIME", 86400, 1, 31536000,
    "Seconds until a resumable upload expires in which nothing happens")
SETTING_INT(stall_timeout, "KINORA_STALL_TIMEOUT", 60, 1, 3600,
    "Seconds until a client is cut off that stops in the middle of a body")
SETTING_FLAG(wait, "KINORA_WAIT", false, "Wait for a database that does not answer yet instead of ending")
SETTING_LIVE_INT(link_monitor_interval_minutes, "KINORA_LINK_MONITOR_INTERVAL_MINUTES", 60, 1, 10080,
    "Minutes between two looks at a link that downloads automatically")
SETTING_LIVE_INT(
    max_concurrent_downloads, "KINORA_MAX_CONCURRENT_DOWNLOADS", 5, 1, 64, "Links that are downloaded at the same time")
SETTING_LIVE_INT(download_timeout_minutes, "KINORA_DOWNLOAD_TIMEOUT_MINUTES", 110, 1, 115,
    "Minutes that one look at a link may take, downloads included")
SETTING_LIVE_INT(download_max_items, "KINORA_DOWNLOAD_MAX_ITEMS", 100, 1, 10000,
    "Most files that one look at a link may save; the next look goes on")
SETTING_LIVE_TEXT(
    site_cookies_json, "KINORA_SITE_COOKIES_JSON", "{}", "JSON object: site to its cookies file in DATA/cookies")
SETTING_LIVE_FLAG(open_registration, "KINORA_OPEN_REGISTRATION", false, "Anybody may make an account")
SETTING_LIVE_TEXT(default_plan, "KINORA_DEFAULT_PLAN", "free", "Plan of new users: free, pro or business")
SETTING_LIVE_SECRET(smtp_url, "KINORA_SMTP_URL", "Mail server: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS")
SETTING_LIVE_TEXT(smtp_from, "KINORA_SMTP_FROM", "", "Address that mail comes from; default kinora@ the server's host")
SETTING_LIVE_TEXT(public_url, "KINORA_PUBLIC_URL", "", "Address of the web page as people reach it, for links in mail")
SETTING_FLAG(allow_private_links, "KINORA_ALLOW_PRIVATE_LINKS", false,
    "Links may lead into private networks and to this machine: for home networks and tests")
SETTING_TEXT(yt_dlp, "KINORA_YT_DLP", "", "Path of yt-dlp; default DATA/tools/yt-dlp if that works, then the PATH")
SETTING_TEXT(gallery_dl, "KINORA_GALLERY_DL", "", "Path of gallery-dl; default DATA/tools/gallery-dl, then the PATH")
SETTING_TEXT(download_wall, "KINORA_DOWNLOAD_WALL", "auto",
    "What keeps downloaders off the network: auto, namespace or landlock")
SETTING_TEXT(metrics_listen, "KINORA_METRICS_LISTEN", "",
    "kinora worker: address and port for /metrics, /health and /ready, such as 127.0.0.1:9100; default none")
SETTING_TEXT(
    backup_folder, "KINORA_BACKUP_FOLDER", "", "Folder for backups, best on another disk; none are made without")
SETTING_INT(backup_interval_hours, "KINORA_BACKUP_INTERVAL_HOURS", 24, 0, 8760,
    "Hours between two backups that the server makes by itself; 0: it makes none")
SETTING_INT(backup_keep, "KINORA_BACKUP_KEEP", 7, 1, 10000, "Backups that are kept; older ones go")
SETTING_INT(backup_sample, "KINORA_BACKUP_SAMPLE", 200, 0, 1000000000,
    "Stored files that are opened and hashed after each backup of the server's own")
SETTING_INT(upgrade_snapshots, "KINORA_UPGRADE_SNAPSHOTS", 3, 0, 100,
    "Copies of the database, from before upgrades, that are kept in DATA/snapshots; 0: none is made")
SETTING_TEXT(otel_endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "", "Collector of traces, such as http://127.0.0.1:4318")
SETTING_TEXT(otel_traces_endpoint, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "", "The same, with the path (…/v1/traces)")
SETTING_SECRET(otel_headers, "OTEL_EXPORTER_OTLP_HEADERS", "Headers for the collector: NAME=VALUE,NAME=VALUE")
SETTING_INT(otel_timeout_ms, "OTEL_EXPORTER_OTLP_TIMEOUT", 10000, 1, 600000, "Milliseconds the collector may take")
SETTING_TEXT(otel_service_name, "OTEL_SERVICE_NAME", "kinora", "Name of this service in traces")
SETTING_TEXT(otel_resource_attributes, "OTEL_RESOURCE_ATTRIBUTES", "", "More about it in traces: NAME=VALUE,NAME=VALUE")
SETTING_TEXT(otel_sampler, "OTEL_TRACES_SAMPLER", "parentbased_always_on",
    "Which traces are kept: always_on, always_off or traceidratio, each also with parentbased_ in front")
SETTING_TEXT(otel_sampler_arg, "OTEL_TRACES_SAMPLER_ARG", "1", "Share of traces that traceidratio keeps, 0 to 1")
SETTING_INT(otel_queue, "OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, 65536, "Spans that wait at most; more are dropped")
SETTING_INT(otel_batch, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, 4096, "Spans in one message to the collector")
SETTING_INT(
    otel_delay_ms, "OTEL_BSP_SCHEDULE_DELAY", 5000, 1, 600000, "Milliseconds until a batch that is not full goes")
SETTING_FLAG(otel_disabled, "OTEL_SDK_DISABLED", false, "No traces, whatever else is set")
SETTING_FLAG(no_workers, "KINORA_NO_WORKERS", false, "Serve without taking queued work")
SETTING_FLAG(insecure_http, "KINORA_INSECURE_HTTP", false, "Allow plain HTTP beyond loopback")

#undef SETTING_LIVE_TEXT
#undef SETTING_LIVE_SECRET
#undef SETTING_LIVE_INT
#undef SETTING_LIVE_FLAG
