"""Which objects each command prints with --json, and their JSON Schema."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from prover.cli.schema import accuracy, chain, models, native, prediction, retrieval, serving
from prover.cli.schema.parts import Already, Ended, Unsigned, Withdrawn

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Alternatives = tuple[type[BaseModel], ...]
_SENT: Alternatives = (Unsigned,)
_MOVED: Alternatives = (Already, Unsigned)

COMMANDS: dict[str, Alternatives] = {
    "node": (chain.LocalNode,),
    "deploy": (chain.Deployed, *_SENT),
    "model add": (models.AddedModel, *_SENT),
    "model list": (models.Models,),
    "model show": (models.ShownModel,),
    "model verify": (models.VerifiedModel,),
    "model export": (models.ExportedModel,),
    "model import": (models.ImportedModel,),
    "model keys": (models.ModelKeys,),
    "prediction post": (prediction.PostedJob, *_SENT),
    "prediction status": (prediction.JobStatus, prediction.PredictionJobs),
    "prediction cancel": (prediction.JobStatus, *_MOVED),
    "prediction refund": (prediction.JobStatus, *_SENT),
    "serving open": (serving.OpenedRound, *_SENT),
    "serving join": (serving.JoinedRound, *_MOVED),
    "serving serve": (serving.ServedRound, *_MOVED),
    "serving contest": (serving.ContestedRound, *_MOVED),
    "serving answer": (serving.AnsweredRound, *_MOVED),
    "serving status": (serving.RoundStatus, serving.Rounds),
    "serving results": (serving.RoundResults,),
    "serving settle": (Ended, *_SENT),
    "serving cancel": (Ended, *_MOVED),
    "accuracy post": (accuracy.PostedBounty, *_SENT),
    "accuracy accept": (accuracy.AcceptedBounty, *_MOVED),
    "accuracy reveal-key": (accuracy.MovedBounty, *_MOVED),
    "accuracy prove": (accuracy.ProvenBounty, *_MOVED),
    "accuracy dispute": (accuracy.MovedBounty, *_MOVED),
    "accuracy status": (accuracy.BountyStatus, accuracy.Bounties),
    "accuracy cancel": (accuracy.MovedBounty, *_MOVED),
    "accuracy settle": (accuracy.MovedBounty, *_SENT),
    "retrieval commit": (retrieval.CommittedDataset, *_SENT),
    "retrieval datasets": (retrieval.Datasets,),
    "retrieval post": (retrieval.PostedRequest, *_SENT),
    "retrieval accept": (retrieval.AcceptedRequest, *_MOVED),
    "retrieval prove": (retrieval.ProvenRequest, *_MOVED),
    "retrieval status": (retrieval.RequestStatus, retrieval.Requests),
    "retrieval read": (retrieval.ReadRecords,),
    "retrieval dispute": (retrieval.DisputedRequest, *_SENT),
    "retrieval settle": (Ended, *_SENT),
    "retrieval cancel": (Ended, *_MOVED),
    "status": (chain.AllJobs,),
    "provider run": (prediction.ProviderPass, *_SENT),
    "provider status": (prediction.ProviderStatus,),
    "provider key": (prediction.ProviderKey,),
    "provider withdraw": (Withdrawn, *_SENT),
    "withdraw": (Withdrawn, *_SENT),
    "srs import": (models.NewSetUp,),
    "srs fetch": (models.NewSetUp,),
    "srs verify": (models.CheckedSetUp,),
    "srs list": (models.SetUps,),
    "native example": (native.NativeExample,),
    "native add": (native.NativeCircuit,),
    "native show": (native.NativeCircuit,),
    "native rebuild": (native.RebuiltCircuit,),
    "native digests": (native.InputDigests,),
    "prove": (models.EzklProof, native.NativeProof),
    "verify": (models.VerifiedEzklProof, native.VerifiedNativeProof),
    "audit replay": (chain.Audit,),
    "explain-revert": (
        chain.RevertReason,
        chain.Reverted,
        chain.Succeeded,
    ),
    "doctor": (chain.Health,),
}


def schema() -> dict[str, Any]:
    """A JSON Schema in which each property is a command, and its value what it prints."""
    printed = {model for alternatives in COMMANDS.values() for model in alternatives}
    ordered = sorted(printed, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "validation") for model in ordered], schema_generator=_Generator
    )
    return {
        "$schema": DIALECT,
        "title": "What zkescrow prints with --json: by command, as in #/properties/model%20add.",
        "type": "object",
        "properties": {name: _any_of(models) for name, models in COMMANDS.items()},
        "additionalProperties": False,
        "$defs": {name: _untitled(one) for name, one in sorted(definitions["$defs"].items())},
    }


def _any_of(alternatives: Alternatives) -> dict[str, Any]:
    return {"anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in alternatives]}


def _untitled(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key != "title"}


class _Generator(GenerateJsonSchema):
    """Without titles; a key with a default is one that may be left out, never that value."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Names say enough."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The schema of the value where there is one."""
        return self.generate_inner(schema["schema"])
