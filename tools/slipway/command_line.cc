#include "tools/slipway/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>

#include "libs/base/status.h"
#include "tools/slipway/commands/apply.h"
#include "tools/slipway/commands/cluster.h"
#include "tools/slipway/commands/delivery.h"
#include "tools/slipway/commands/explain.h"
#include "tools/slipway/commands/logs.h"
#include "tools/slipway/commands/resources.h"
#include "tools/slipway/commands/runs.h"
#include "tools/slipway/commands/session.h"
#include "tools/slipway/commands/sync.h"

#ifndef SLIPWAY_VERSION
#define SLIPWAY_VERSION "unknown"
#endif

namespace slipway::cli {
namespace {

constexpr char kVersion[] = "slipway " SLIPWAY_VERSION "\n";

// The commands with their options. A command only notes what to do; it is done after the whole line
// was read.
class CommandLine {
 public:
  CommandLine() {
    app_.name("slipway");
    app_.require_subcommand(1);
    app_.set_help_flag("-h,--help", "Shows this help");
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.get_formatter()->label("REQUIRED", "(needed)");
    app_.footer(
        "slipway COMMAND --help shows each with an example. Exit codes: 0 done, 1 what was asked "
        "failed,\n"
        "2 usage or input, 3 not reached, not signed in, not found or denied.");
    app_.set_version_flag("--version", std::string(kVersion, sizeof(kVersion) - 2),
                          "Shows the version.");
    AddRuns();
    AddDelivery();
    AddResources();
    AddExplain();
    AddSession();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return Refuse(error, argc, argv);
    }
    const absl::Status status = Act();
    std::fputs(status.ok() ? "" : ErrorText(status).c_str(), stderr);
    return static_cast<int>(ExitCodeOf(status));
  }

 private:
  using Action = std::function<absl::Status(Context& context)>;

  int Refuse(const CLI::ParseError& error, int argc, char** argv) {
    if (error.get_exit_code() == 0) return app_.exit(error);
    std::vector<std::string> known;
    for (const CLI::App* command : app_.get_subcommands({})) known.push_back(command->get_name());
    const std::string first = argc > 1 ? argv[1] : "";
    if (!first.empty() && first[0] != '-' &&
        std::find(known.begin(), known.end(), first) == known.end()) {
      std::fputs(ErrorText(UnknownWord("command", first, known)).c_str(), stderr);
    } else {
      const CLI::App* chosen = &app_;
      while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
      // A group of commands without a command.
      if (chosen->get_require_subcommand_min() > 0 && chosen->remaining_size() == 0) {
        std::fputs(app_.help().c_str(), stderr);
        return static_cast<int>(ExitCode::kUsage);
      }
      std::string problem = error.what();
      if (!problem.empty() && problem.back() == '.') problem.pop_back();
      std::fprintf(stderr, "slipway: %s\n%s\n", problem.c_str(), chosen->get_footer().c_str());
    }
    return static_cast<int>(ExitCode::kUsage);
  }

  absl::Status Act() {
    SLIPWAY_ASSIGN_OR_RETURN(const Format format, ParseFormat(format_));
    SLIPWAY_ASSIGN_OR_RETURN(
        const Settings settings,
        Settings::Load([](const std::string& name) -> std::optional<std::string> {
          const char* value = std::getenv(name.c_str());
          return value == nullptr ? std::nullopt : std::optional<std::string>(value);
        }));
    NameScope scope = scope_;
    if (scope.project.empty()) scope.project = settings.project();
    // Said first, since all else would only lead there.
    if (settings.url().empty() && !without_server_) return NoServer();
    Context context(settings, format, std::move(scope));
    return action_(context);
  }

  CLI::App* Add(CLI::App& under, const std::string& group, const std::string& name,
                const std::string& help, const std::string& example, Action action) {
    CLI::App* command = under.add_subcommand(name, help);
    command->group(group);
    command->footer("Example: " + example);
    command->add_option("-o,--output", format_, "table, json or yaml")->type_name("FORMAT");
    command->add_option("-p,--project", scope_.project, "Project of names that name none")
        ->type_name("PROJECT");
    command->callback([this, name, action = std::move(action)] {
      action_ = action;
      without_server_ = name == "login" || name == "logout" || name == "version";
    });
    return command;
  }

  void AddRuns();
  void AddDelivery();
  void AddResources();
  void AddExplain();
  void AddSession();

  CLI::App app_{"Builds and delivers what you push. A client of Slipway's REST API."};
  std::string format_ = "table";
  NameScope scope_;
  Action action_;
  bool without_server_ = false;

  RunArgs run_;
  RunsArgs runs_;
  LogsArgs logs_;
  ApplyArgs apply_;
  ResourceArgs resource_;
  DeployArgs deploy_;
  RollbackArgs rollback_;
  DeploymentsArgs deployments_;
  CommitsArgs commits_;
  DeliveriesArgs deliveries_;
  LoginArgs login_;
  TokenArgs token_;
  std::string name_;
  std::string kind_;
  bool prune_ = false;  // of sync
  std::string workflow_;
  bool wait_ = false;
  size_t limit_ = 20;
};

void CommandLine::AddRuns() {
  constexpr char kGroup[] = "Runs";
  CLI::App* run = Add(app_, kGroup, "run", "Starts a run of a workflow",
                      "slipway run hello/main --ref main --wait",
                      [this](Context& context) { return cli::Run(context, run_); });
  run->add_option("workflow", run_.workflow, "APP/WORKFLOW")->required();
  run->add_option("--commit", run_.commit, "Commit to build, at least 4 digits");
  run->add_option("--ref", run_.ref, "Branch to build");
  run->add_option("--var", run_.variables, "KEY=VALUE for this run; may be repeated")
      ->type_size(1)
      ->allow_extra_args(false);
  run->add_flag("--ignore-cache", run_.ignore_cache, "Builds without the builder's cache");
  run->add_flag("--wait", run_.wait, "Follows it; exit code 1 unless it passes");

  CLI::App* runs =
      Add(app_, kGroup, "runs", "Lists runs", "slipway runs --app hello --status failed",
          [this](Context& context) { return Runs(context, runs_); });
  runs->add_option("app,--app", runs_.app, "Only of this app");
  runs->add_option("--branch", runs_.branch, "Only of this branch");
  runs->add_option("--status", runs_.status,
                   "Only in this state: pending, running, passed, failed, cancelled");
  runs->add_option("--by", runs_.by, "Only started by this user");
  runs->add_option("--limit", runs_.limit, "At most this many")->check(CLI::Range(1, 10'000));

  CLI::App* logs = Add(app_, kGroup, "logs", "Shows the log of a run, job or step",
                       "slipway logs hello/main#7/unit-test -f",
                       [this](Context& context) { return Logs(context, logs_); });
  logs->add_option("name", logs_.name, "RUN[/JOB[/STEP]], or an app for its newest run")
      ->required();
  logs->add_flag("-f,--follow", logs_.follow, "Stays until the jobs have ended");

  CLI::App* cancel = Add(app_, kGroup, "cancel", "Ends a run", "slipway cancel hello/main#7",
                         [this](Context& context) { return Cancel(context, name_); });
  cancel->add_option("run", name_, "APP/WORKFLOW#NUMBER")->required();

  CLI::App* retry =
      Add(app_, kGroup, "retry", "Repeats a run that ended", "slipway retry hello/main#7 --wait",
          [this](Context& context) { return Retry(context, name_, wait_); });
  retry->add_option("run", name_, "APP/WORKFLOW#NUMBER")->required();
  retry->add_flag("--wait", wait_, "Follows it; exit code 1 unless it passes");

  CLI::App* commits = Add(app_, kGroup, "commits", "Lists commits of an app's repository",
                          "slipway commits hello --ref main",
                          [this](Context& context) { return Commits(context, commits_); });
  commits->add_option("app", commits_.app, "APP")->required();
  commits->add_option("--ref", commits_.ref, "Branch, tag or commit");
  commits->add_option("--repository", commits_.repository, "Name in spec.repositories");
  commits->add_option("--limit", commits_.limit, "At most this many")->check(CLI::Range(1, 10'000));
}

void CommandLine::AddDelivery() {
  constexpr char kGroup[] = "Delivery";
  CLI::App* images =
      Add(app_, kGroup, "images", "Lists the images of an app", "slipway images hello",
          [this](Context& context) { return Images(context, name_, workflow_, limit_); });
  images->add_option("app", name_, "APP")->required();
  images->add_option("--workflow", workflow_, "Only of this workflow");
  images->add_option("--limit", limit_, "At most this many")->check(CLI::Range(1, 10'000));

  CLI::App* deploy = Add(app_, kGroup, "deploy", "Deploys an image",
                         "slipway deploy hello/prod --image sha256:77c1... --wait",
                         [this](Context& context) { return Deploy(context, deploy_); });
  deploy->add_option("where", deploy_.where, "APP/ENVIRONMENT")->required();
  deploy->add_option("--image", deploy_.image,
                     "Digest or reference; else the current image, or the newest allowed");
  deploy->add_flag("--wait", deploy_.wait, "Follows it; exit code 1 unless it gets healthy");

  CLI::App* rollback =
      Add(app_, kGroup, "rollback", "Brings an earlier deployment back and pins it",
          "slipway rollback hello/prod --to 3 --wait",
          [this](Context& context) { return Rollback(context, rollback_); });
  rollback->add_option("where", rollback_.where, "APP/ENVIRONMENT")->required();
  rollback->add_option("--to", rollback_.to,
                       "Number of the deployment; else the last healthy one before");
  rollback
      ->add_option("--config", rollback_.config,
                   "Configuration: earlier (default), deployed or saved")
      ->check(CLI::IsMember({"earlier", "deployed", "saved"}));
  rollback->add_flag("--wait", rollback_.wait, "Follows it; exit code 1 unless it gets healthy");

  CLI::App* sync = Add(app_, kGroup, "sync", "Applies Git now, also where it waits by itself",
                       "slipway sync hello/prod",
                       [this](Context& context) { return SyncNow(context, name_, prune_); });
  sync->add_option("where", name_, "APP/ENVIRONMENT")->required();
  sync->add_flag("--prune", prune_,
                 "Confirms that what is not in Git any more is deleted, also where that takes a "
                 "confirmation");
  CLI::App* suspend =
      Add(app_, kGroup, "suspend", "Writes nothing to an environment until it is resumed",
          "slipway suspend hello/prod",
          [this](Context& context) { return SuspendSync(context, name_); });
  suspend->add_option("where", name_, "APP/ENVIRONMENT")->required();
  CLI::App* resume = Add(app_, kGroup, "resume", "Ends a suspension", "slipway resume hello/prod",
                         [this](Context& context) { return ResumeSync(context, name_); });
  resume->add_option("where", name_, "APP/ENVIRONMENT")->required();

  CLI::App* tree = Add(app_, kGroup, "tree", "What an app has on its cluster, and how it is",
                       "slipway tree hello/prod",
                       [this](Context& context) { return ShowTree(context, name_); });
  tree->add_option("where", name_, "APP/ENVIRONMENT")->required();
  CLI::App* diff = Add(app_, kGroup, "diff", "What a sync would change on the cluster",
                       "slipway diff hello/prod",
                       [this](Context& context) { return ShowDiff(context, name_); });
  diff->add_option("where", name_, "APP/ENVIRONMENT")->required();
  CLI::App* history =
      Add(app_, kGroup, "history", "The deployments of an environment, the newest first",
          "slipway history hello/prod",
          [this](Context& context) { return Deployments(context, deployments_); });
  history->add_option("where", deployments_.app, "APP/ENVIRONMENT")->required();
  history->add_option("--limit", deployments_.limit, "At most this many")
      ->check(CLI::Range(1, 10'000));
  CLI::App* cluster = app_.add_subcommand("cluster", "Clusters that apps are deployed to");
  cluster->group(kGroup);
  cluster->require_subcommand(1);
  CLI::App* check =
      Add(*cluster, "Commands", "check", "Whether a cluster can be used, and what it lets Slipway do",
          "slipway cluster check prod",
          [this](Context& context) { return CheckCluster(context, name_); });
  check->add_option("name", name_, "Its name")->required();
  CLI::App* deployments =
      Add(app_, kGroup, "deployments", "Lists deployments", "slipway deployments hello",
          [this](Context& context) { return Deployments(context, deployments_); });
  deployments->add_option("app,--app", deployments_.app, "APP or APP/ENVIRONMENT");
  deployments->add_option("--environment", scope_.environment, "Only of this environment");
  deployments->add_flag("--current", deployments_.current,
                        "Only the newest of each app and environment");
  deployments
      ->add_option("--status", deployments_.status,
                   "Only in this state: pending, committing, syncing, progressing, healthy, "
                   "unhealthy, failed, superseded")
      ->check(CLI::IsMember({"pending", "committing", "syncing", "progressing", "healthy",
                             "unhealthy", "failed", "superseded"}));
  deployments
      ->add_option("--health", deployments_.health,
                   "Only what runs like this now: running, starting, degraded, missing, unknown")
      ->check(CLI::IsMember({"running", "starting", "degraded", "missing", "unknown"}));
  deployments->add_option("--limit", deployments_.limit, "At most this many")
      ->check(CLI::Range(1, 10'000));

  CLI::App* deliveries = Add(app_, kGroup, "deliveries", "Lists the webhooks that came in",
                             "slipway deliveries --app hello",
                             [this](Context& context) { return Deliveries(context, deliveries_); });
  deliveries->add_option("app,--app", deliveries_.app, "Only of this app");
  deliveries->add_option("--hook", deliveries_.hook, "Only of this hook");
  deliveries->add_option("--limit", deliveries_.limit, "At most this many")
      ->check(CLI::Range(1, 10'000));

  CLI::App* redeliver = Add(app_, kGroup, "redeliver", "Processes a stored delivery again",
                            "slipway redeliver 01JD...",
                            [this](Context& context) { return Redeliver(context, name_); });
  redeliver->add_option("delivery", name_, "ID")->required();
}

void CommandLine::AddResources() {
  constexpr char kGroup[] = "Definitions";
  CLI::App* apply = Add(app_, kGroup, "apply", "Creates and changes what a manifest describes",
                        "slipway apply -f examples/hello/slipway.yaml --dry-run",
                        [this](Context& context) { return Apply(context, apply_); });
  apply->add_option("-f,--file", apply_.file, "YAML file; - is standard input")->required();
  apply->add_flag("--dry-run", apply_.dry_run, "Checks all and says what would change");

  const auto with_scope = [this](CLI::App* command) {
    command->add_option("kind", resource_.kind, "app, workflow, environment, run, deployment, ...")
        ->required();
    command->add_option("--app", scope_.app, "App that holds it, for variables, secrets and lists");
    command->add_option("--environment", scope_.environment, "Environment that holds it");
    return command;
  };
  CLI::App* get = with_scope(Add(app_, kGroup, "get", "Shows one resource, or all of a kind",
                                 "slipway get workflow hello/main -o yaml",
                                 [this](Context& context) { return Get(context, resource_); }));
  get->add_option("name", resource_.name, "As hello, hello/main, hello/main#7, hello/prod");
  get->add_option("--limit", resource_.limit, "At most this many")->check(CLI::Range(1, 10'000));

  CLI::App* describe = with_scope(
      Add(app_, kGroup, "describe", "Shows all about one resource", "slipway describe hook local",
          [this](Context& context) { return Describe(context, resource_); }));
  describe->add_option("name", resource_.name, "As hello, hello/main, hello/main#7, hello/prod")
      ->required();

  CLI::App* remove =
      with_scope(Add(app_, kGroup, "delete", "Deletes one resource",
                     "slipway delete deployment-pipeline hello/prod --confirm hello/prod",
                     [this](Context& context) { return Delete(context, resource_); }));
  remove->add_option("name", resource_.name, "As hello, hello/main, hello/prod")->required();
  remove->add_option("--confirm", resource_.confirm, "The name again; asked for on a terminal");
}

void CommandLine::AddExplain() {
  constexpr char kGroup[] = "When something is odd";
  CLI::App* timeline =
      Add(app_, kGroup, "timeline", "The way of a push through all services",
          "slipway timeline hello", [this](Context& context) { return Timeline(context, name_); });
  timeline->add_option("name", name_, "An app (its newest run), run, delivery or deployment")
      ->required();

  CLI::App* why = Add(app_, kGroup, "why", "Why something did or did not happen",
                      "slipway why delivery 01JD...", [this](Context& context) {
                        return name_.empty() ? WhySync(context, kind_)
                                             : Why(context, kind_, name_);
                      });
  why->add_option("kind", kind_,
                  "delivery, run, job, deployment or image; or APP or APP/ENVIRONMENT alone: what "
                  "stands against a sync")
      ->required();
  why->add_option("name", name_, "Its name");
}

void CommandLine::AddSession() {
  constexpr char kGroup[] = "Who and where";
  CLI::App* login = Add(app_, kGroup, "login", "Signs in and keeps the session",
                        "slipway login http://127.0.0.1:8480",
                        [this](Context& context) { return Login(context, login_); });
  login->add_option("url", login_.url, "URL of the gateway")->required();
  login->add_option("--user", login_.user, "User; else asked for");
  login->add_flag("--password-stdin", login_.password_stdin,
                  "Reads the password from standard input");
  Add(app_, kGroup, "logout", "Ends the session and forgets it", "slipway logout",
      [](Context& context) { return Logout(context); });
  CLI::App* use = Add(app_, kGroup, "use", "Chooses the project of names that name none",
                      "slipway use demo", [this](Context& context) { return Use(context, name_); });
  use->add_option("project", name_, "PROJECT")->required();
  Add(app_, kGroup, "whoami", "Says who calls and what they may do", "slipway whoami",
      [](Context& context) { return WhoAmI(context); });

  CLI::App* token = app_.add_subcommand("token", "Tokens for machines");
  token->group(kGroup);
  token->require_subcommand(1);
  CLI::App* create =
      Add(*token, "Commands", "create", "Creates a token and shows its secret once",
          "slipway token create ci --role build-and-deploy --app demo/hello --expires 90d",
          [this](Context& context) {
            token_.project = scope_.project;
            return CreateToken(context, token_);
          });
  create->add_option("name", token_.name, "Its name")->required();
  create->add_option("--role", token_.role, "view, build-and-deploy, admin, manager or super-admin")
      ->required();
  create->add_option("--app", token_.app, "Only for this app: [PROJECT/]APP");
  create->add_option("--environment", token_.environment, "Only for this environment");
  create->add_option("--expires", token_.expires, "How long it is valid, like 90d; else 90 days");

  Add(*token, "Commands", "list", "Lists tokens, without their secrets", "slipway token list",
      [](Context& context) { return ListTokens(context); });
  CLI::App* revoke =
      Add(*token, "Commands", "revoke", "Ends a token at once", "slipway token revoke ci",
          [this](Context& context) { return RevokeToken(context, name_); });
  revoke->add_option("name", name_, "Its name")->required();

  Add(app_, kGroup, "version", "Shows the version", "slipway version", [](Context& context) {
    context.output.Line(std::string_view(kVersion, sizeof(kVersion) - 2));
    if (!context.output.for_people()) context.output.Document({{"version", SLIPWAY_VERSION}});
    return absl::OkStatus();
  });
}

}  // namespace

int Main(int argc, char** argv) {
  // A connection that breaks while it is written to is an error, not the end; broken output is seen
  // by Output.
  std::signal(SIGPIPE, SIG_IGN);
  return CommandLine().Run(argc, argv);
}

}  // namespace slipway::cli
