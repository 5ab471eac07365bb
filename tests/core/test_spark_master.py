"""A master that is none, that nobody answers for, or whose cluster is not named, is told before Java starts."""

import socket

import pytest

from core.errors import InputError
from core.spark_master import require_master


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)


@pytest.fixture
def answering():
    """A port of this machine at which something listens, and one at which nothing does."""
    with socket.socket() as open_one, socket.socket() as closed_one:
        for one in (open_one, closed_one):
            one.bind(("127.0.0.1", 0))
        open_one.listen()
        yield open_one.getsockname()[1], closed_one.getsockname()[1]


@pytest.mark.parametrize("master", ["nonsense", "local[x]", "spark://", "spark://host", "mesos://host:1", "k8s://"])
def test_what_is_no_master_is_told(master):
    with pytest.raises(InputError) as raised:
        require_master(master)
    assert str(raised.value) == f"--master must be local[N], spark://HOST:PORT, yarn or k8s://URL. Received: {master}"


def test_yarn_wants_the_cluster_s_configuration(monkeypatch, tmp_path):
    with pytest.raises(InputError) as raised:
        require_master("yarn")
    assert str(raised.value) == ("--master yarn needs the cluster's configuration. Set HADOOP_CONF_DIR to its folder.")
    monkeypatch.setenv("YARN_CONF_DIR", str(tmp_path))
    require_master("yarn")


@pytest.mark.parametrize("form", ["spark://127.0.0.1:{}", "k8s://https://127.0.0.1:{}", "k8s://127.0.0.1:{}"])
def test_a_master_that_does_not_answer_is_told(form, answering):
    there, nowhere = answering
    require_master(form.format(there))
    with pytest.raises(InputError) as raised:
        require_master(form.format(nowhere))
    assert str(raised.value) == (
        f"nothing answers at {form.format(nowhere)}. Start the master there, or correct --master."
    )


def test_one_of_several_masters_is_enough(answering):
    there, nowhere = answering
    require_master(f"spark://127.0.0.1:{nowhere},127.0.0.1:{there}")


@pytest.mark.parametrize("master", ["local", "local[*]", "local[2]", "local[2,4]", "local-cluster[2,1,1024]"])
def test_this_machine_needs_no_answer(master):
    require_master(master)
