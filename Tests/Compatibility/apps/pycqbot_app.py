from pycqBot import cqBot, cqHttpApi, cqLog

from seen import HTTP, WS, ask_blocking, asks, greeting

cqLog()


class Bot(cqBot):
    def message_group_normal(self, said):
        text = said.raw_message
        if asks(text):
            ask_blocking(self.cqapi.get_login_info)
        if reply := greeting(text):
            self.cqapi.send_group_msg(said.group_id, reply)


Bot(cqHttpApi(host=HTTP), host=WS, group_id_list=[30001]).start(start_go_cqhttp=False)
