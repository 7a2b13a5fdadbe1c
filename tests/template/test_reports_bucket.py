"""The bucket of the reports' pages, in template.yaml: nobody reads it who should not, and nothing
stays for ever.
"""

from __future__ import annotations

from typing import Any

import pytest

from local_stack.template import template


@pytest.fixture
def bucket() -> dict[str, Any]:
    return dict(template()["Resources"]["ReportsBucket"])


def test_it_is_private_encrypted_and_kept_with_its_pages(bucket: dict[str, Any]) -> None:
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    assert "ServerSideEncryptionByDefault" in str(properties["BucketEncryption"])
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_pages_go_after_a_year_and_leave_no_versions(bucket: dict[str, Any]) -> None:
    [rule] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 365)
    assert "VersioningConfiguration" not in bucket["Properties"]


def test_it_refuses_whoever_comes_without_tls() -> None:
    document = template()["Resources"]["ReportsBucketPolicy"]["Properties"]["PolicyDocument"]
    [refusal] = document["Statement"]
    assert (refusal["Effect"], refusal["Principal"], refusal["Action"]) == ("Deny", "*", "s3:*")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(refusal["Resource"]) == 2
