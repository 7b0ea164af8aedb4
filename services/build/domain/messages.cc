#include "services/build/domain/messages.h"

#include "libs/rpc/timestamp.h"

namespace slipway::build {

using journal::Record;
using journal::Verdict;

v1::Run RunMessage(const RunRecord& run) {
  v1::Run message;
  message.set_name(run.name.ToString());
  message.set_state(run.state);
  message.set_reason(run.reason);
  message.set_commit(run.commit);
  message.set_subject(run.subject);
  message.set_author(run.author);
  message.set_ref(run.ref);
  message.set_cause(run.cause);
  message.set_actor(run.actor);
  message.set_delivery(run.delivery);
  message.set_id(run.id);
  message.set_plan_digest(run.plan_digest);
  message.set_image(run.image);
  message.set_trace_id(run.trace_id);
  *message.mutable_create_time() = rpc::ToTimestamp(run.created);
  if (run.started) *message.mutable_start_time() = rpc::ToTimestamp(*run.started);
  if (run.ended) *message.mutable_end_time() = rpc::ToTimestamp(*run.ended);
  message.set_retry_of(run.retry_of);
  message.set_etag(std::to_string(run.version));
  return message;
}

v1::Job JobMessage(const RunName& run, const JobRecord& job) {
  v1::Job message;
  message.set_name(JobName{run, job.name}.ToString());
  message.set_state(job.state);
  message.set_reason(job.reason);
  message.set_attempt(job.attempt);
  if (!job.runner.empty()) message.set_runner(RunnerName(job.runner));
  for (const v1::Step& step : job.steps) *message.add_steps() = step;
  message.set_id(job.id);
  *message.mutable_create_time() = rpc::ToTimestamp(job.created);
  if (job.started) *message.mutable_start_time() = rpc::ToTimestamp(*job.started);
  if (job.ended) *message.mutable_end_time() = rpc::ToTimestamp(*job.ended);
  return message;
}

v1::Image ImageMessage(const ImageRecord& image) {
  v1::Image message;
  const WorkflowName& workflow = image.run.name.workflow;
  message.set_name(ImageName{{workflow.project, workflow.app}, image.id}.ToString());
  message.set_reference(image.repository + "@" + image.digest);
  message.set_digest(image.digest);
  message.set_tag(image.repository + ":" + image.tag);
  message.set_run(image.run.name.ToString());
  message.set_commit(image.run.commit);
  message.set_ref(image.run.ref);
  message.set_order(image.run.order);
  *message.mutable_create_time() = rpc::ToTimestamp(image.created);
  message.set_subject(image.run.subject);
  return message;
}

v1::Runner RunnerMessage(const RunnerRecord& runner, bool online) {
  v1::Runner message;
  message.set_name(RunnerName(runner.name));
  message.mutable_spec()->set_description(runner.description);
  message.mutable_spec()->set_paused(runner.paused);
  v1::RunnerStatus& status = *message.mutable_status();
  status.set_online(online);
  status.set_jobs(runner.jobs);
  status.set_slots(runner.slots);
  status.set_version(runner.version);
  if (runner.last_seen) *status.mutable_last_seen_time() = rpc::ToTimestamp(*runner.last_seen);
  status.set_id(runner.id);
  *message.mutable_create_time() = rpc::ToTimestamp(runner.created);
  return message;
}

v1::ImageCreated ImageCreatedEvent(const ImageRecord& image, const plan::v1::Plan& plan) {
  v1::ImageCreated event;
  *event.mutable_image() = ImageMessage(image);
  event.set_workflow(image.run.name.workflow.ToString());
  *event.mutable_targets() = plan.targets();
  event.set_app_uid(image.run.app_uid);
  event.set_traceparent(image.run.traceparent);
  return event;
}

Record ImageRecordedFact(const ImageRecord& image) {
  const v1::Image message = ImageMessage(image);
  Record fact;
  fact.subject = message.name();
  fact.kind = "image";
  fact.event = "image.recorded";
  fact.verdict = Verdict::kDone;
  fact.message = "image " + message.reference();
  fact.related.push_back(message.run());
  fact.values["digest"] = image.digest;
  fact.values["tag"] = message.tag();
  fact.values["order"] = std::to_string(image.run.order);
  fact.trace_id = image.run.trace_id;
  fact.project = image.run.name.workflow.project;
  fact.app = image.run.name.workflow.app;
  return fact;
}

}  // namespace slipway::build
