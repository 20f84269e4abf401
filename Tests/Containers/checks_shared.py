"""Three replicas of ws-edge behind one port (compose.yaml)."""

from checks import WS, check, run, until
from proof import Client, an_edge_dies, everybody_talks, events_flow, http, online, the_bot_is_there


async def program():
    await the_bot_is_there()
    clients = [await Client.join(f"{WS}/") for _ in range(6)]
    lease = await http("get_ws_port")
    clients.append(await Client.join(lease["url"]))
    same = clients[-1].app_id == lease["app_id"]
    check(same, "get_ws_port: the shared port, and the app_id by client_token", lease["url"])
    edges = {client["app_id"]: client["edge"] for client in await online()}
    check(len(set(edges.values())) == 3, "one shared port leads to three edges", sorted(set(edges.values())))
    await http("set_client_name", name="by HTTP", client_token=clients[-1].token)
    check("by HTTP" in [client.get("client_name") for client in await online()], "a name set over HTTP")
    await everybody_talks(clients)
    await events_flow(clients, "over three edges")

    victim = edges[clients[1].app_id]
    dead = [client for client in clients if edges[client.app_id] == victim]
    alive = [client for client in clients if edges[client.app_id] != victim]
    await an_edge_dies(victim, dead, alive)
    again = [await Client.join(f"{WS}/") for _ in dead]
    await until("three edges serve clients again", three_edges, 30)
    await everybody_talks(alive + again)
    await events_flow(alive + again, "after the edge came back")


async def three_edges():
    # The balancer prefers the edge that came back, which has the fewest connections.
    return len({client["edge"] for client in await online()}) == 3


run(program)
