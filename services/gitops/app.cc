#include "services/gitops/app.h"

#include <charconv>
#include <cstdlib>
#include <utility>

#include "embed/gitops_sql.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/config/config.h"
#include "libs/journal/journal.h"

namespace slipway::gitops {
namespace {

// Names under which the services below keep events for this one.
constexpr char kImagesConsumer[] = "gitops.images";
constexpr char kDefinitionsConsumer[] = "gitops.definitions";

// podman's own variables are the defaults of the settings that name its files.
std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// "8490-8589"
absl::StatusOr<std::pair<int, int>> ParsePorts(const std::string& text) {
  int first = 0, last = 0;
  const char* end = text.data() + text.size();
  const auto low = std::from_chars(text.data(), end, first);
  const bool dash = low.ec == std::errc() && low.ptr != end && *low.ptr == '-';
  const auto high = dash ? std::from_chars(low.ptr + 1, end, last) : low;
  if (!dash || high.ec != std::errc() || high.ptr != end || first < 1 || last > 65535 ||
      first > last) {
    return absl::InvalidArgumentError("local-ports: \"" + text +
                                      "\" is not a range like 8490-8589");
  }
  return std::pair(first, last);
}

}  // namespace

Config Config::Parse(int argc, char** argv) {
  Config config;
  config.containers_conf = FromEnvironment("CONTAINERS_CONF");
  config.storage_conf = FromEnvironment("CONTAINERS_STORAGE_CONF");
  config.registries_conf = FromEnvironment("CONTAINERS_REGISTRIES_CONF");
  config::ConfigParser parser("gitops", "Desired state in Git, and what runs because of it.");
  config.common.Bind(parser);
  parser.String(
      &config.pipeline_address,
      {.flag = "pipeline-address", .help = "address of the pipeline service", .required = true});
  parser.String(
      &config.build_address,
      {.flag = "build-address", .help = "address of the build service", .required = true});
  parser.String(
      &config.kek_file,
      {.flag = "kek-file", .help = "key that seals secrets: 64 hex digits", .required = true});
  parser.StringList(
      &config.allowed_hosts,
      {.flag = "allowed-hosts",
       .help = "host:port pairs of GitOps repositories that may be private addresses"});
  parser.StringList(&config.provider_hosts,
                    {.flag = "provider-hosts",
                     .help = "where the hosts of GitOps repositories are reached: KIND.api=URL and "
                             "KIND.git=URL, KIND one of github, gitlab, azure-devops, "
                             "bitbucket-cloud; default: the public ones"});
  parser.String(
      &config.instance,
      {.flag = "instance", .help = "stable name of this instance, unique among its replicas"});
  parser.String(&config.local_ports,
                {.flag = "local-ports",
                 .help = "ports of this machine for apps on the local target: FIRST-LAST"});
  parser.String(&config.local_events_file,
                {.flag = "local-events-file",
                 .help = "podman's events file; empty: changes by hand are noticed late"});
  parser.String(
      &config.local_owner,
      {.flag = "local-owner", .help = "mark on this installation's pods; default: from data-dir"});
  parser.String(&config.installation,
                {.flag = "installation",
                 .help = "mark on this installation's objects on clusters, the same for all "
                         "replicas and for good; default: local-owner"});
  parser.String(&config.containers_conf,
                {.flag = "containers-conf", .help = "podman's containers.conf"});
  parser.String(&config.storage_conf, {.flag = "storage-conf", .help = "podman's storage.conf"});
  parser.String(&config.registries_conf,
                {.flag = "registries-conf", .help = "podman's registries.conf"});
  parser.String(&config.helm_binary,
                {.flag = "helm-binary",
                 .help = "the program helm, for apps that are Helm charts; empty: there are none"});
  parser.String(
      &config.kustomize_binary,
      {.flag = "kustomize-binary",
       .help = "the program kustomize, for apps that are kustomizations; empty: there are "
               "none"});
  parser.Duration(&config.cluster_lease,
                  {.flag = "cluster-lease",
                   .help = "how long a cluster waits for a replica that was killed, before another "
                           "one works on it; the same for all replicas"});
  parser.Int(&config.sync.workers,
             {.flag = "sync-workers", .help = "environments that are worked on at once, 1 to 64"});
  parser.Duration(&config.sync.fetch_interval,
                  {.flag = "fetch-interval",
                   .help = "how often the GitOps repository is asked for commits of others"});
  parser.Duration(
      &config.sync.resync_interval,
      {.flag = "resync-interval", .help = "how often what runs is compared with the commit"});
  parser.Duration(&config.sweep_interval,
                  {.flag = "sweep-interval",
                   .help = "how often what no watch shows of a cluster is read"});
  parser.Duration(
      &config.sync.health_timeout,
      {.flag = "health-timeout", .help = "how long a deployment may take to get healthy"});
  parser.ParseOrExit(argc, argv);
  return config;
}

absl::StatusOr<std::unique_ptr<App>> App::Create(Config config) {
  std::unique_ptr<App> app(new App(std::move(config)));
  SLIPWAY_RETURN_IF_ERROR(app->Init());
  return app;
}

absl::Status App::Init() {
  SLIPWAY_ASSIGN_OR_RETURN(keys_, seal::KeyRing::Load({config_.kek_file}));
  SLIPWAY_ASSIGN_OR_RETURN(hosts_, provider::HostMap::Create(config_.provider_hosts));
  std::vector<std::string> allowed = config_.allowed_hosts;
  for (std::string& pair : hosts_.AllowedHosts()) allowed.push_back(std::move(pair));
  SLIPWAY_ASSIGN_OR_RETURN(http::OutgoingGuard guard, http::OutgoingGuard::Create(allowed));
  guard_ = std::make_unique<http::OutgoingGuard>(std::move(guard));
  service::Runtime::Options options;
  options.name = "gitops";
  options.config = config_.common;
  options.migrations = {{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()};
  SLIPWAY_ASSIGN_OR_RETURN(runtime_, service::Runtime::Create(std::move(options)));
  SLIPWAY_ASSIGN_OR_RETURN(cli_, git::GitCli::Create({.stop = {}, .guard = guard_.get()}));
  mirrors_ = std::make_unique<git::MirrorStore>(*cli_, config_.common.data_dir + "/mirrors");
  mirror_sweeper_ = std::make_unique<MirrorSweeper>(*mirrors_, runtime_->clock());
  pipeline_peer_ = std::make_unique<rpc::Peer>(runtime_->MakePeer(config_.pipeline_address));
  build_peer_ = std::make_unique<rpc::Peer>(runtime_->MakePeer(config_.build_address));
  pipeline_ = std::make_unique<PipelineClient>(*pipeline_peer_);
  build_stub_ = slipway::build::v1::BuildService::NewStub(build_peer_->channel());
  InitReplicas();
  SLIPWAY_RETURN_IF_ERROR(InitTarget());
  InitDomain();
  InitConsumers();
  return absl::OkStatus();
}

absl::Status App::InitTarget() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto range, ParsePorts(config_.local_ports));
  ports_ = std::make_unique<PortStore>(runtime_->pool(), range.first, range.second);
  const std::string& data_dir = config_.common.data_dir;
  const std::string owner =
      config_.local_owner.empty() ? Sha256Hex(data_dir).substr(0, 16) : config_.local_owner;
  local_ = std::make_unique<local::LocalTarget>(
      local::LocalTarget::Options{.owner = owner,
                                  .podman = {.containers_conf = config_.containers_conf,
                                             .storage_conf = config_.storage_conf,
                                             .registries_conf = config_.registries_conf,
                                             .work_dir = data_dir + "/pull"},
                                  .events_file = config_.local_events_file},
      *ports_);
  target_ = std::make_unique<TargetSet>(TargetSet::Parts{
      .pool = runtime_->pool(),
      .local = *local_,
      .pipeline = *pipeline_,
      .guard = guard_.get(),
      .metrics = &runtime_->metrics(),
      .installation = config_.installation.empty() ? owner : config_.installation,
      .sweep_interval = config_.sweep_interval,
      .holdings = leases_.get()});
  return absl::OkStatus();
}

void App::InitDomain() {
  db::Pool& pool = runtime_->pool();
  Clock& clock = runtime_->clock();
  outbox_ = std::make_unique<events::Outbox>(pool, &runtime_->metrics());
  lifecycle_ = std::make_unique<Lifecycle>(clock, *outbox_, watchers_, &runtime_->metrics());
  repository_ = std::make_unique<DesiredRepository>(*mirrors_, *guard_);
  providers_ = std::make_unique<Providers>(pool, clock, *keys_, hosts_);
  const ActiveRepository active = [this] { return providers_->Active(); };
  deployer_ = std::make_unique<Deployer>(pool, *pipeline_, *lifecycle_);
  host_client_ = std::make_unique<http::HttpClient>(http::HttpClient::Options{
      .guard = guard_.get(), .metrics = &runtime_->metrics(), .peer = "repository_host"});
  project_repositories_ = std::make_unique<ProjectRepositories>(
      ProjectRepositories::Parts{pool, clock, *providers_, *cli_, *host_client_});
  committer_ = std::make_unique<Committer>(
      pool, *lifecycle_, *repository_, active, &runtime_->metrics(),
      [this](const std::string& project) { return project_repositories_->Prepare(project); });
  syncer_ = std::make_unique<Syncer>(
      Syncer::Parts{clock, pool, *lifecycle_, *repository_, active, *target_, *pipeline_, *leases_,
                    [this](const AppEnvironment& where) {
                      wire_->Say({Notice::Kind::kEnvironment, where.Name()});
                    }},
      config_.sync);
  definition_events_ = std::make_unique<DefinitionEvents>(
      *syncer_, [this](const std::string& cluster) { target_->Forget(cluster); },
      [this](const Notice& notice) { wire_->Say(notice); });
  remover_ = std::make_unique<Remover>(
      Remover::Parts{pool, *lifecycle_, *repository_, active, *syncer_, *pipeline_});
  validator_ = std::make_unique<ProviderValidator>(
      ProviderValidator::Parts{.pool = pool,
                               .clock = clock,
                               .providers = *providers_,
                               .repository = *repository_,
                               .cli = *cli_,
                               .client = *host_client_,
                               .in_force_changed =
                                   [this] {
                                     committer_->Wake();
                                     syncer_->WakeAll();
                                     wire_->Say({Notice::Kind::kProvider});
                                   },
                               .instance = config_.instance});
  source_repository_ = std::make_unique<SourceRepository>(*mirrors_, *guard_, *pipeline_);
  source_renderer_ = std::make_unique<SourceRenderer>(SourceRenderer::Options{
      .helm_binary = config_.helm_binary, .kustomize_binary = config_.kustomize_binary});
  source_worker_ = std::make_unique<SourceWorker>(SourceWorker::Parts{
      pool, *lifecycle_, *source_repository_, *source_renderer_, [this] { committer_->Wake(); }});
  synced_apps_ = std::make_unique<SyncedApps>(
      SyncedApps::Parts{pool, *lifecycle_, *pipeline_, *source_repository_, *source_renderer_},
      config_.sync.fetch_interval);
  deployer_->SetSources([this](const AppEnvironment& where, const auto& resolved) {
    return synced_apps_->Newest(where, resolved);
  });
  providers_->OnSaved([this] {
    validator_->Wake();
    wire_->Say({Notice::Kind::kProvider});
  });
  lifecycle_->OnChanged([this](const AppEnvironment& where, DeploymentState state) {
    OnDeployment(where, state);
    wire_->Say({Notice::Kind::kDeployment, where.Name(), state});
  });
  janitor_ = std::make_unique<service::Janitor>(pool, clock, *outbox_);
  queries_ = std::make_unique<DeploymentQueries>(pool);
  syncs_ = std::make_unique<SyncControls>(
      SyncControls::Parts{clock, pool, *lifecycle_, *pipeline_, syncer_->policies()});
  syncs_->OnChanged([this](const AppEnvironment& where) {
    watchers_.Changed(where);
    syncer_->Wake(where);
    wire_->Say({Notice::Kind::kEnvironment, where.Name()});
  });
  api_ = std::make_unique<GitOpsApi>(
      GitOpsApi::Parts{runtime_->gate(), runtime_->streams(), runtime_->audit(), *providers_,
                       *deployer_, *queries_, *syncs_, watchers_, *outbox_, syncer_.get(),
                       target_.get(), [this](const std::string& repository) {
                         syncer_->NotePush(repository);
                         synced_apps_->NotePush(repository);
                         wire_->Say({Notice::Kind::kPush, repository});
                       }});
  records_ = std::make_unique<service::RecordsApi>(runtime_->gate(), pool, runtime_->name());
}

void App::InitConsumers() {
  build_events_ = std::make_unique<service::GrpcEventSource>(
      *build_peer_,
      [this](grpc::ClientContext* context, const slipway::events::v1::WatchEventsRequest& request) {
        return build_stub_->WatchEvents(context, request);
      },
      kImagesConsumer);
  pipeline_events_ = std::make_unique<service::GrpcEventSource>(
      *pipeline_peer_,
      [this](grpc::ClientContext* context, const slipway::events::v1::WatchEventsRequest& request) {
        return pipeline_->stub().WatchEvents(context, request);
      },
      kDefinitionsConsumer);
  const auto on_build = [this](db::Tx& tx, const events::Event& event) -> absl::Status {
    if (event.type != "image.created") return absl::OkStatus();
    slipway::build::v1::ImageCreated created;
    if (!created.ParseFromString(event.payload))
      return absl::InvalidArgumentError("image.created is not readable");
    return deployer_->OnImage(tx, created);
  };
  build_consumer_ = std::make_unique<events::ConsumerLoop>(
      runtime_->pool(), *build_events_, on_build,
      events::ConsumerOptions{.consumer = kImagesConsumer,
                              .source = "build",
                              .holder = config_.instance,
                              .metrics = &runtime_->metrics()});
  pipeline_consumer_ = std::make_unique<events::ConsumerLoop>(
      runtime_->pool(), *pipeline_events_,
      [this](db::Tx& tx, const events::Event& event) { return OnDefinition(tx, event); },
      events::ConsumerOptions{.consumer = kDefinitionsConsumer,
                              .source = "pipeline",
                              .holder = config_.instance,
                              .metrics = &runtime_->metrics()});
}

absl::Status App::OnDefinition(db::Tx& tx, const events::Event& event) {
  SLIPWAY_RETURN_IF_ERROR(definition_events_->OnEvent(tx, event));
  SLIPWAY_RETURN_IF_ERROR(synced_apps_->OnEvent(tx, event));
  return remover_->OnEvent(tx, event);
}

App::~App() = default;

}  // namespace slipway::gitops
