#include "services/build/store/rows.h"

#include "services/build/domain/states.h"

namespace slipway::build {

RunRecord RunFromRow(const db::Row& row) {
  RunRecord run;
  run.id = row.GetInt64("id");
  run.name = {{row.GetString("project"), row.GetString("app"), row.GetString("workflow")},
              row.GetInt64("number")};
  run.app_uid = row.GetString("app_uid");
  run.state = StateFromText(row.GetString("state"));
  run.reason = row.GetString("reason");
  run.commit = row.GetString("commit_sha");
  run.subject = row.GetString("subject");
  run.author = row.GetString("author");
  run.ref = row.GetString("ref");
  run.cause = row.GetString("cause");
  run.actor = row.GetString("actor");
  run.delivery = row.GetString("delivery");
  run.retry_of = row.GetString("retry_of");
  run.plan_digest = row.GetString("plan_digest");
  run.order = row.GetInt64("order_no");
  run.traceparent = row.GetString("traceparent");
  run.trace_id = row.GetString("trace_id");
  run.image = row.GetString("image");
  run.image_tag = row.GetString("image_tag");
  run.tag_pattern = row.GetString("tag_pattern");
  run.tag_used = row.GetBool("tag_used");
  run.archived = row.GetBool("archived");
  run.version = row.GetInt64("version");
  run.created = row.GetTime("created_at");
  run.started = row.GetOptionalTime("started_at");
  run.ended = row.GetOptionalTime("ended_at");
  return run;
}

JobRecord JobFromRow(const db::Row& row) {
  JobRecord job;
  job.id = row.GetInt64("id");
  job.run_id = row.GetInt64("run_id");
  job.name = row.GetString("name");
  job.position = row.GetInt("position");
  job.needs = row.GetTextArray("needs");
  job.state = StateFromText(row.GetString("state"));
  job.reason = row.GetString("reason");
  job.ready = row.GetBool("ready");
  job.attempt = row.GetInt("attempt");
  job.fence = row.GetInt64("fence");
  job.runner = row.GetString("runner");
  job.session = row.GetString("runner_session");
  job.acknowledged = row.GetBool("acknowledged");
  job.cancel_requested = row.GetBool("cancel_requested");
  job.timeout = absl::Seconds(row.GetInt64("timeout_seconds"));
  v1::Job steps;
  steps.ParseFromString(row.GetBytes("steps"));
  job.steps.assign(steps.steps().begin(), steps.steps().end());
  if (!row.IsNull("built_image")) {
    job.built_image.emplace().ParseFromString(row.GetBytes("built_image"));
  }
  job.has_log = row.GetBool("has_log");
  job.created = row.GetTime("created_at");
  job.started = row.GetOptionalTime("started_at");
  job.ended = row.GetOptionalTime("ended_at");
  return job;
}

RunnerRecord RunnerFromRow(const db::Row& row) {
  RunnerRecord runner;
  runner.id = row.GetInt64("id");
  runner.name = row.GetString("name");
  runner.description = row.GetString("description");
  runner.paused = row.GetBool("paused");
  runner.session = row.GetString("session");
  runner.slots = row.GetInt("slots");
  runner.version = row.GetString("version");
  runner.jobs = row.GetInt("jobs");
  runner.created = row.GetTime("created_at");
  runner.last_seen = row.GetOptionalTime("last_seen_at");
  return runner;
}

std::string SerialiseSteps(const std::vector<v1::Step>& steps) {
  v1::Job holder;
  for (const v1::Step& step : steps) *holder.add_steps() = step;
  return holder.SerializeAsString();
}

}  // namespace slipway::build
