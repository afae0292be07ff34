"""A Dag whose work is done by TypeScript: see ../src/main.ts."""

from datetime import timedelta

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False)
def rpa():
    # A retry does not start the RPA again while it still runs on the PC: it goes on where the last try was.
    @task.stub(queue="typescript", retries=5, retry_delay=timedelta(seconds=30))
    def run_rpa(): ...

    run_rpa()


rpa()
