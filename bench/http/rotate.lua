-- SPDX-License-Identifier: GPL-3.0-or-later
-- wrk -s rotate.lua URL -- FILE: the requests of FILE in turn, one a line: method, path, token, body, between tabs.
local requests, at = {}, 0

function init(args)
    for line in io.lines(args[1]) do
        local method, path, token, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
        local headers = { ["Authorization"] = "Bearer " .. token }
        if body == "" then
            body = nil
        else
            headers["Content-Type"] = "application/json"
        end
        requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
