"""What API, worker and commands are made of, joined in one place."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import SystemRandom

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Directory, SenderAccount
from app.accounts.models import Mode
from app.accounts.senders import SenderService
from app.accounts.service import Accounts
from app.accounts.topics import Topics
from app.analytics.consents.counting import LedgerCounter
from app.analytics.consents.service import CountedConsents
from app.analytics.conversions.counting import ConversionCounter
from app.analytics.conversions.figures import CountedConversions
from app.analytics.conversions.service import Conversions
from app.analytics.refreshing import Refresher
from app.analytics.service import Figures
from app.callbacks.addresses import Reach
from app.callbacks.deliveries import Deliveries
from app.callbacks.delivering import Deliverer, DeliveryPolicy
from app.callbacks.endpoints import Endpoints
from app.callbacks.recording import RetryPolicy
from app.callbacks.sending import CallbackClient
from app.callbacks.service import Feeds
from app.callbacks.tidying import CallbackTidying
from app.consent.identity import Identities, Moved
from app.consent.imports.recording import Recorder
from app.consent.imports.service import ConsentImports
from app.consent.imports.working import Importer
from app.consent.links import OptInLinks
from app.consent.proofs import Proofs
from app.consent.service import ConsentService
from app.consent.test_lists import TestLists
from app.console.concerns import Concerns
from app.console.holders import Holders
from app.console.live import Bounds, Live
from app.console.pulse import Pulse
from app.console.sessions import SessionLife, Sessions
from app.console.stories import Stories
from app.core.clock import Clock, SystemClock
from app.core.database import UNAVAILABLE, Database, Notifications
from app.core.secrets import SecretBox
from app.core.settings import Settings
from app.doctor.service import CheckUps
from app.events import repository as event_type_rows
from app.events.fitting import unfit_for
from app.events.limits import EventTypeLimits
from app.events.service import EventTypes, EventTypeService
from app.events.variants import Variants
from app.experiments.running import RunningExperiments
from app.experiments.service import Experiments, Promotion
from app.integrations import repository as shop_rows
from app.integrations.receiving import Receiver
from app.integrations.service import Integrations
from app.integrations.telling import Teller
from app.media.samples import Samples
from app.media.service import MediaLibrary
from app.media.uploads import UploadPolicy, Uploads
from app.messages import repository as message_rows
from app.messages.accept import Acceptor
from app.messages.bodies import read_body
from app.messages.confirmations import OptOutConfirmations
from app.messages.dossier import Dossiers
from app.messages.follow_ups import FollowUps
from app.messages.preview import Previews
from app.messages.redirects import Redirects
from app.messages.service import MessageService
from app.messages.settling import Settler
from app.messages.short_links import ShortLinks
from app.pages.limits import Limits
from app.pages.opt_in import OptInForms
from app.pages.preferences import PreferencePages
from app.pages.tokens import FormTokens
from app.privacy.erasure import Erasures
from app.privacy.export import Exports
from app.privacy.retention import Retention
from app.provider_events.questions import Questions
from app.provider_events.service import Conversation, ProviderEvents
from app.provider_events.wishes import Wishes
from app.replies import windows
from app.replies.alternatives import Alternatives
from app.replies.answering import Answering
from app.replies.automatic import AutomaticAnswers
from app.replies.recording import ReplyRecorder
from app.replies.service import ReplyService, replies_to
from app.templates import chains
from app.templates import repository as template_rows
from app.templates.book import BookedTemplate, TemplateBook
from app.templates.chains import Chains
from app.templates.library import Library
from app.templates.reports import Reports
from app.templates.service import Templates, account_of
from app.templates.use import TemplateUse
from app.whatsapp.client import GraphClient
from app.whatsapp.errors import GraphError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Container:
    settings: Settings
    clock: Clock
    database: Database
    notifications: Notifications
    graph: GraphClient
    accounts: Accounts
    senders: SenderService
    check_ups: CheckUps
    directory: Directory
    book: TemplateBook
    chains: Chains
    templates: Templates
    template_use: TemplateUse
    library: Library
    dossiers: Dossiers
    uploads: Uploads
    media: MediaLibrary
    samples: Samples
    event_types: EventTypes
    topics: Topics
    definitions: EventTypeService
    variants: Variants
    consent: ConsentService
    opt_in_links: OptInLinks
    identities: Identities
    imports: ConsentImports
    importer: Importer
    test_lists: TestLists
    limits: EventTypeLimits
    experiments: Experiments
    figures: Figures
    refresher: Refresher
    short_links: ShortLinks
    acceptor: Acceptor
    previews: Previews
    messages: MessageService
    replies: ReplyService
    feeds: Feeds
    callback_endpoints: Endpoints
    callback_deliveries: Deliveries
    callback_tidying: CallbackTidying
    deliverer: Deliverer
    redirects: Redirects
    conversions: Conversions
    counted_conversions: CountedConversions
    counted_consents: CountedConsents
    answering: Answering
    automatic_answers: AutomaticAnswers
    provider_events: ProviderEvents
    preference_pages: PreferencePages
    opt_in_forms: OptInForms
    public_limits: Limits
    integrations: Integrations
    shop_receiver: Receiver
    proofs: Proofs
    exports: Exports
    erasures: Erasures
    retention: Retention
    console_sessions: Sessions
    stories: Stories
    holders: Holders
    live: Live
    concerns: Concerns

    async def template_doubt(
        self, sender: SenderAccount, template: BookedTemplate, error: GraphError, asked_at: datetime
    ) -> None:
        """What a dispatcher does when Meta refuses a message, which left then, because of its template."""
        try:
            business = await self.directory.business(sender.business_id)
            if business is None:
                return
            account = account_of(business, sender, self.settings.customer_url)
            await self.templates.refused(account, template.name, template.language, error, asked_at=asked_at)
        except UNAVAILABLE as failure:
            log.warning("template not marked", name=template.name, error=type(failure).__name__)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open while the block runs. Whoever wants notifications must have subscribed before."""
        await self.database.open()
        self.notifications.start()
        try:
            yield
        finally:
            await self.notifications.stop()
            await self.live.close()
            await self.deliverer.close()
            await self.graph.close()
            await self.database.close()


async def _move(session: AsyncSession, moved: Moved) -> None:
    """What belongs to a customer goes where the customer goes."""
    await message_rows.move(session, moved)
    await windows.move(session, moved)


async def _promote(session: AsyncSession, promotion: Promotion) -> None:
    """The variant is the first choice from now on."""
    mode: Mode = "live" if promotion.mode == "live" else "test"
    await chains.promote(session, promotion.business_id, mode, promotion.event_type, promotion.template_name)
    await message_rows.release_waiting_for_template(
        session, promotion.business_id, [], [promotion.event_type], promotion.at
    )


def _delivery_policy(settings: Settings) -> DeliveryPolicy:
    return DeliveryPolicy(
        concurrency=settings.callback_concurrency,
        connections=settings.callback_connections,
        lease=settings.callback_lease,
        poll_interval=settings.worker_poll_interval,
        retries=RetryPolicy(settings.callback_retry_window, settings.callback_disable_after),
    )


def build_container(settings: Settings, clock: Clock | None = None) -> Container:
    """Raises SettingsError; connects to nothing yet."""
    clock = clock or SystemClock()
    url = settings.require_database_url()
    secrets = SecretBox(settings.require_secret_keys())
    database = Database(url, pool_size=settings.database_pool_size)
    graph = GraphClient.open(
        version=settings.graph_version,
        connect_timeout=settings.graph_connect_timeout,
        read_timeout=settings.graph_read_timeout,
        connections=settings.graph_connections,
        transport=settings.graph_transport,
    )
    notifications = Notifications(url)
    senders = SenderService(database, clock, graph)
    urls: dict[Mode, str] = {"live": settings.graph_live_url, "test": settings.graph_sandbox_url}
    directory = Directory(database, secrets, clock, urls)
    book = TemplateBook(database)
    directory.follow(notifications)
    book.follow(notifications)
    variant_chains = Chains(database)
    variant_chains.follow(notifications)
    event_types = EventTypes(database)
    event_types.follow(notifications)
    topics = Topics(event_types.topics)
    test_lists = TestLists(database)
    limits = EventTypeLimits(database, test_lists)
    test_lists.follow(notifications)
    limits.follow(notifications)
    running = RunningExperiments(database)
    running.follow(notifications)
    opt_in_links = OptInLinks(database, directory, clock, settings.customer_url)
    opt_in_links.follow(notifications)
    uploads = Uploads(
        database,
        directory,
        graph,
        clock,
        SystemRandom(),
        UploadPolicy(settings.media_renew_before, settings.media_used_within, settings.probe_interval),
    )
    media = MediaLibrary(
        database,
        directory,
        uploads,
        clock,
        [template_rows.shown_by, event_type_rows.shown_by, message_rows.media_waited_for],
    )
    uploads.follow(notifications)
    media.follow(notifications)
    samples = Samples(database, graph, clock)
    templates = Templates(
        database,
        graph,
        samples,
        clock,
        message_rows.release_waiting_for_template,
        unfit=partial(unfit_for, event_types),
        unpause_after=settings.pacing_unpause_after,
    )
    short_links = ShortLinks(settings.customer_urls)
    acceptor = Acceptor(database, directory, book, variant_chains, limits, clock, short_links, media, running)
    confirmations = OptOutConfirmations(database, acceptor, short_links, clock)
    public_limits = Limits(
        {
            "address": settings.opt_in_limit_address,
            "link": settings.opt_in_limit_link,
            "phone": settings.opt_in_limit_phone,
            "preferences": settings.preference_limit,
            "console_login": settings.console_login_limit,
            "console": settings.console_limit,
        }
    )
    messages = MessageService(database, clock, short_links, replies_to)
    follow_ups = FollowUps(database, acceptor, confirmations)
    consent = ConsentService(database, directory, clock, Settler(clock, event_types), follow_ups)
    identities = Identities(database, directory, consent, clock, _move)
    automatic_answers = AutomaticAnswers(
        database, event_types, short_links, clock, most_a_day=settings.automatic_answers_a_day
    )
    reach = Reach(settings.callback_networks)
    console_sessions = Sessions(
        database,
        directory,
        clock,
        SessionLife(settings.console_session_life, settings.console_session_idle),
        public_url=settings.customer_url,
    )
    live = Live(console_sessions, Pulse(database).look, Bounds(settings.console_look_every))
    live.follow(notifications)
    recorder = Recorder(consent, message_rows.contacts_waited_for)
    refresher = Refresher(database, SystemRandom(), [ConversionCounter(database), LedgerCounter(database)])
    importer = Importer(database, directory, recorder, topics, clock, SystemRandom())
    return Container(
        settings=settings,
        clock=clock,
        database=database,
        notifications=notifications,
        graph=graph,
        accounts=Accounts(database, secrets, clock, graph, urls),
        senders=senders,
        check_ups=CheckUps(database, secrets, clock, graph, settings, event_types, variant_chains, [shop_rows.sealed]),
        directory=directory,
        book=book,
        chains=variant_chains,
        templates=templates,
        uploads=uploads,
        media=media,
        samples=samples,
        template_use=TemplateUse(database, clock),
        dossiers=Dossiers(database, directory, event_types, clock),
        library=Library(
            database,
            directory,
            templates,
            clock,
            customer_url=settings.customer_url,
            warn_before=settings.template_warning,
        ),
        event_types=event_types,
        topics=topics,
        variants=Variants(
            database, directory, event_types, variant_chains, message_rows.release_waiting_for_template, clock
        ),
        definitions=EventTypeService(database, clock, event_types, read_body, media),
        consent=consent,
        opt_in_links=opt_in_links,
        identities=identities,
        imports=ConsentImports(database, topics, clock, most=settings.import_body_limit),
        importer=importer,
        test_lists=test_lists,
        limits=limits,
        experiments=Experiments(
            database,
            directory,
            event_types,
            book,
            running,
            clock,
            promote=_promote,
            blocks=settings.block_codes,
        ),
        figures=Figures(database, directory, clock, refresher),
        refresher=refresher,
        short_links=short_links,
        acceptor=acceptor,
        previews=Previews(database, event_types, clock),
        feeds=Feeds(database),
        callback_endpoints=Endpoints(database, secrets, clock, reach),
        callback_deliveries=Deliveries(database, clock),
        callback_tidying=CallbackTidying(database, clock),
        deliverer=Deliverer(
            database,
            CallbackClient(reach, limit=settings.callback_timeout),
            secrets,
            clock,
            SystemRandom(),
            _delivery_policy(settings),
        ),
        messages=messages,
        replies=ReplyService(database, clock),
        redirects=Redirects(database, directory, clock),
        conversions=Conversions(database, directory, clock),
        counted_conversions=CountedConversions(database, directory, clock),
        counted_consents=CountedConsents(database, directory, clock),
        answering=Answering(
            database, directory, media, Alternatives(event_types, book, variant_chains), short_links, graph, clock
        ),
        automatic_answers=automatic_answers,
        provider_events=ProviderEvents(
            database,
            directory,
            Reports(templates),
            consent,
            identities,
            Conversation(Wishes(consent, settings.double_opt_in_window), opt_in_links, Questions(graph), confirmations),
            ReplyRecorder(event_types, settings.reply_tied_within, settings.window_not_opened_by, automatic_answers),
            clock,
            settings.probe_interval,
        ),
        preference_pages=PreferencePages(
            database, directory, consent, confirmations, secrets, clock, settings.customer_url
        ),
        opt_in_forms=OptInForms(
            database,
            directory,
            opt_in_links,
            consent,
            FormTokens(secrets, clock, life=settings.form_token_life, least_fill=settings.form_least_fill),
            public_limits,
            clock,
        ),
        public_limits=public_limits,
        integrations=Integrations(database, directory, event_types, topics, secrets, clock, settings.customer_url),
        shop_receiver=Receiver(database, directory, consent, Teller(event_types, acceptor, clock), secrets, clock),
        proofs=Proofs(database, directory, clock),
        exports=Exports(database, directory, messages, clock),
        erasures=Erasures(database, directory, consent, clock),
        retention=Retention(database, directory, clock),
        console_sessions=console_sessions,
        stories=Stories(database, messages, clock),
        holders=Holders(database),
        live=live,
        concerns=Concerns(database, senders),
    )
