"""The queue. The database row is the truth, the queue a hint: tasks are acknowledged late and may run twice."""

import os
import signal
import warnings

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import beat_embedded_init, worker_process_init

from kbsite.tree import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kbsite.settings")

# Celery warns whoever runs it as root because a pickled message could run code. Ours are JSON, see accept_content.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("unhang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A web request must not wait for a queue that is down: the sweeper sends the case again.
    broker_transport_options={
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "visibility_timeout": 3600,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    },
    task_publish_retry=False,
)
app.autodiscover_tasks(["troubleshoot"])


@app.on_after_finalize.connect
def plan(sender: Celery, **_: object) -> None:
    from django.conf import settings

    sender.add_periodic_task(
        settings.SWEEP_SECONDS,
        sender.signature("troubleshoot.tasks.sweep"),
        name="sweep",
        expires=settings.SWEEP_SECONDS,
    )


@worker_process_init.connect
@beat_embedded_init.connect
def end_with_the_worker(**_: object) -> None:
    """A killed worker leaves nobody behind who reads on without its queue, or who keeps ringing."""
    end_with_parent(os.getppid(), signal.SIGKILL)


@worker_process_init.connect
def load_what_we_know(**_: object) -> None:
    """Before the first case, so that it does not wait for it."""
    from troubleshoot import shelf

    shelf.library().scanner  # noqa: B018  # loading it is the point
